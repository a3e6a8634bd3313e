# Guttman's lambdas, every split into halves, the greatest lower bound.
# Writes values: guttman_attitude guttman_bfi_agree guttman_bfi_AC10
# Made with: R 4.2.2, psych 2.2.9, Rcsdp 0.1.57.4
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(psych); library(Rcsdp)})

on_correlation <- function(r) {
  found <- quietly(psych::guttman(r))
  list(lambda1 = found$lambda.1, lambda2 = found$lambda.2, lambda3_alpha = found$lambda.3,
       lambda4_max_split = found$lambda.4, lambda5 = found$lambda.5,
       lambda5p = found$lambda.5p, lambda6 = found$lambda.6, beta = found$beta,
       tenberge = psych::tenberge(r), glb_fa = quietly(psych::glb.fa(r))$glb,
       glb_algebraic = psych::glb.algebraic(r)$glb, smc = as.list(psych::smc(r)))
}
on_covariance <- function(s) {
  k <- ncol(s); total <- sum(s); between <- s; diag(between) <- 0
  first <- 1 - sum(diag(s)) / total
  list(tenberge = psych::tenberge(s), glb_algebraic = psych::glb.algebraic(s)$glb,
       lambda1 = first,
       lambda2 = (sum(between) + sqrt(sum(between^2) * k / (k - 1))) / total,
       lambda3 = k / (k - 1) * first,
       lambda5 = first + 2 * sqrt(max(colSums(between^2))) / total,
       lambda6 = 1 - sum(1 / diag(solve(s))) / total)
}
by_psych <- function(x) {
  found <- quietly(psych::splitHalf(x, raw = TRUE, brute = TRUE, n.sample = 20000,
                                    covar = FALSE))
  list(max = found$maxrb, min = found$minrb, mean = found$meanr, average_r = found$av.r,
       alpha = found$alpha, lambda2 = found$lambda2, lambda6 = found$lambda6,
       n_splits = length(found$raw),
       quantiles = as.list(quantile(found$raw, c(.025, .5, .975))))
}
every_split <- function(s) {   # lambda 4 of each, also where the items are odd in number
  k <- ncol(s); halves <- combn(k, k %/% 2)
  if (k %% 2 == 0) halves <- halves[, halves[1, ] == 1, drop = FALSE]
  found <- apply(halves, 2, function(half) 4 * sum(s[half, -half]) / sum(s))
  list(max = max(found), min = min(found), mean = mean(found), median = median(found),
       n_splits = length(found), q025_q975 = as.list(quantile(found, c(.025, .975))))
}
calls <- c(
  "psych::guttman(cor(na.omit(x)))",
  paste("psych::splitHalf(na.omit(x), raw=TRUE, brute=TRUE)",
        " # Guttman lambda-4 of every split, on the CORRELATION matrix"),
  "psych::tenberge, psych::glb.fa, psych::glb.algebraic (Rcsdp)")
note <- paste(
  "complete cases; psych works on the correlation matrix by default, on_covariance block is",
  "on the covariance matrix (raw scores). KNOWN DEFECT of psych::splitHalf 2.2.9: for an ODD",
  "number of items brute=TRUE looks at only half of the choose(k, (k-1)/2) splits, so",
  "max/min/mean are of that half; split_half_all_splits_own enumerates all of them (Guttman",
  "lambda-4 of each) and is the reference.")
bounds <- function(name, data, x) {
  x <- na.omit(x)
  values <- list(
    on_correlation = on_correlation(cor(x)), on_covariance = on_covariance(cov(x)),
    split_half = by_psych(x),
    split_half_all_splits_own = list(correlation = every_split(cor(x)),
                                     covariance = every_split(cov(x))))
  record(paste0("guttman_", name), "Guttman lambdas, split-half distribution, GLB", values,
         calls, c("psych", "Rcsdp"), data, names(x), nrow(x), note)
}
ten <- read_data("bfi_AC_raw")
ten[c("A1", "C4", "C5")] <- 7 - ten[c("A1", "C4", "C5")]
bounds("attitude", "attitude", read_data("attitude"))
bounds("bfi_agree", "bfi_agreeableness", read_data("bfi_agreeableness"))
bounds("bfi_AC10", "bfi_AC_raw", ten)
