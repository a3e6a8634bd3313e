# Polychoric correlations, ordinal alpha and omega, and the sampling covariance of lavaan's.
# Writes values: ordinal_bfi_agree1000 ordinal_small_missing ordinal_gamma
# Made with: R 4.2.2, lavaan 0.6.14, psych 2.2.9, semTools 0.5.6, polycor 0.8.1
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({
  library(lavaan); library(psych); library(semTools); library(polycor)})

few <- read_data("bfi_agreeableness_120")
thousand <- na.omit(read_data("bfi_agreeableness"))[1:1000, ]
one_factor <- function(x, ...) {
  suppressWarnings(cfa(paste("f =~", paste(names(x), collapse = " + ")), x, ordered = TRUE,
                       std.lv = TRUE, ...))
}

# --- correlations and what is made of them ------------------------------------------------
plain <- function(r) { class(r) <- "matrix"; r }
two_step <- function(x) {   # polycor, a pair at a time
  k <- ncol(x); r <- diag(k)
  for (i in 2:k) for (j in 1:(i - 1))
    r[i, j] <- r[j, i] <- polycor::polychor(x[[i]], x[[j]], ML = FALSE)
  dimnames(r) <- list(names(x), names(x))
  r
}
alpha <- function(r) { k <- ncol(r); k / (k - 1) * (1 - k / sum(r)) }
ordinal <- function(name, data, x) {
  x <- na.omit(x)
  r <- plain(lavCor(x, ordered = names(x), output = "cor"))
  fit <- one_factor(x)
  values <- list(
    polychoric_lavaan_lavCor = with_names(r),
    polychoric_polycor_twostep = with_names(two_step(x)),
    polychoric_psych_correct0 = with_names(
      quietly(psych::polychoric(x, correct = 0, smooth = FALSE))$rho),
    thresholds_lavaan = as.list(unclass(lavCor(x, ordered = names(x), output = "th"))),
    ordinal_alpha_lavCor = alpha(r),
    ordinal_alpha_if_dropped = sapply(seq_along(x), function(i) alpha(r[-i, -i])),
    wlsmv_loadings = as.list(lavInspect(fit, "std")$lambda[, 1]),
    categorical_omega_compRelSEM_ord.scale_TRUE =
      as.numeric(semTools::compRelSEM(fit, ord.scale = TRUE)))
  record(
    paste0("ordinal_", name),
    "polychoric correlations, ordinal alpha, ordinal and categorical (Green-Yang) omega",
    values,
    c("lavaan::lavCor(na.omit(x), ordered=names(x))  # two-step ML, thresholds from margins",
      "polycor::polychor(a, b, ML=FALSE)", "psych::polychoric(x, correct=0)",
      "f <- cfa('f =~ items', ordered=TRUE, std.lv=TRUE)",
      "semTools::compRelSEM(f, ord.scale=TRUE)"),
    c("lavaan", "psych", "semTools", "polycor"), data, names(x), nrow(x),
    "Complete cases. compRelSEM(ord.scale=TRUE) is Green & Yang (2009) eq. 21.")
}
ordinal("bfi_agree1000", "bfi_agreeableness", thousand)
ordinal("small_missing", "bfi_agreeableness_120", few)

# --- sampling covariance of thresholds and correlations, times n --------------------------
gamma_of <- function(fit) {
  gamma <- lavInspect(fit, "gamma")
  list(diagonal = unname(diag(gamma)), first_rows = c(t(gamma[c(1, 26, 35), ])))
}
by_pairs <- one_factor(few, missing = "pairwise")
found <- lavInspect(by_pairs, "sampstat")$cov
tetrachoric <- function(counts) {
  z <- data.frame(a = rep(c(1, 1, 2, 2), counts), b = rep(c(1, 2, 1, 2), counts))
  suppressWarnings(lavCor(z, ordered = names(z)))[1, 2]
}
record(
  "ordinal_gamma",
  paste("sampling covariance of thresholds and polychoric correlations, times n;",
        "tetrachoric correlations"),
  list(complete = gamma_of(one_factor(thousand)),
       pairwise = c(gamma_of(by_pairs), list(correlations = unname(found[lower.tri(found)]))),
       tetrachoric_empty_cell = tetrachoric(c(30, 0, 25, 45)),
       tetrachoric = tetrachoric(c(30, 12, 25, 45))),
  c(paste("lavInspect(cfa('f =~ items', ordered = TRUE, std.lv = TRUE), 'gamma')",
          " # first_rows: rows 1, 26, 35"),
    "missing = 'pairwise' for the rows with gaps; lavInspect(, 'sampstat')$cov",
    paste("lavCor(z, ordered = names(z)) of a 2 x 2 table with counts 30, 0, 25, 45, and",
          "30, 12, 25, 45")),
  "lavaan")
