# Differential item functioning: ordinal logistic regression and Mantel's test.
# Writes values: dif_bfi_consc_gender
# Made with: R 4.2.2, ordinal 2022.11.16
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(ordinal))

rows <- na.omit(read_data("bfi_C_gender"))
x <- rows[paste0("C", 1:5)]; g <- as.integer(factor(rows$gender)) - 1L; tot <- rowSums(x)
n <- nrow(x)

logistic <- function(item) {
  y <- factor(x[[item]], ordered = TRUE)
  models <- list(clm(y ~ 1), clm(y ~ tot), clm(y ~ tot + g), clm(y ~ tot * g))
  l <- vapply(models, function(model) as.numeric(logLik(model)), 0)
  nagelkerke <- function(l_) (1 - exp(2 / n * (l[1] - l_))) / (1 - exp(2 / n * l[1]))
  p <- function(chi, df) pchisq(chi, df, lower.tail = FALSE)
  uniform <- 2 * (l[3] - l[2]); other <- 2 * (l[4] - l[3]); either <- 2 * (l[4] - l[2])
  data.frame(
    item = item, ll0 = l[1], ll1 = l[2], ll2 = l[3], ll3 = l[4], chi_uniform = uniform,
    p_uniform = p(uniform, 1), chi_nonuniform = other, p_nonuniform = p(other, 1),
    chi_total = either, p_total = p(either, 2),
    nagelkerke_delta_uniform = nagelkerke(l[3]) - nagelkerke(l[2]),
    nagelkerke_delta_total = nagelkerke(l[4]) - nagelkerke(l[2]),
    mcfadden_delta_total = (l[2] - l[4]) / l[1], beta_group = coef(models[[3]])[["g"]],
    se_group = sqrt(vcov(models[[3]])["g", "g"]))
}
# Mantel (1963) without continuity correction; Dorans & Kulick's standardised difference.
mantel <- function(item) {
  y <- x[[item]]
  strata <- lapply(unique(tot), function(k) {
    answer <- y[tot == k]; focal <- g[tot == k] == 1
    n1 <- sum(focal); n0 <- sum(!focal); n <- n1 + n0
    if (n1 == 0 || n0 == 0) return(NULL)
    spread <- n1 * n0 / (n^2 * (n - 1)) * (n * sum(answer^2) - sum(answer)^2)
    c(sum = sum(answer[focal]), expected = n1 * mean(answer), variance = spread,
      weighted = n1 * (mean(answer[focal]) - mean(answer[!focal])), weight = n1)
  })
  total <- colSums(do.call(rbind, strata))
  data.frame(item = item,
             mantel_chisq = (total[["sum"]] - total[["expected"]])^2 / total[["variance"]],
             SMD = total[["weighted"]] / total[["weight"]])
}
record(
  "dif_bfi_consc_gender",
  "differential item functioning: ordinal logistic regression, Mantel",
  list(group_coding = list(column = "gender", focal_is_second_level = TRUE),
       logistic = do.call(rbind, lapply(names(x), logistic)),
       mantel = do.call(rbind, lapply(names(x), mantel))),
  c("ordinal::clm(ordered(item) ~ tot (+ g)(* g)), LRT; tot = rowSums(x) including the item",
    paste("Mantel (1963) chi-square without continuity correction and Dorans-Kulick SMD",
          "(focal g=1 minus reference g=0)")),
  "ordinal", "bfi_C_gender", names(x), n, "complete cases")
