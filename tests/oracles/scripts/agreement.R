# Agreement of raters: Krippendorff's alpha, kappas, Gwet's and Brennan & Prediger's.
# Writes values: agreement_wine agreement_expsy agreement_expsy_binary agreement_krippendorff2011
# Made with: R 4.2.2, psych 2.2.9, irr 0.84.1, irrCAC 1.0
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(psych); library(irr); library(irrCAC)})

# Krippendorff (2011) by the matrix of coincidences; ratings in a row are of one thing.
krippendorff <- function(ratings, level) {
  q <- sort(unique(ratings[!is.na(ratings)])); k <- length(q)
  coincidences <- matrix(0, k, k)
  for (i in seq_len(nrow(ratings))) {
    given <- ratings[i, !is.na(ratings[i, ])]
    if (length(given) < 2) next
    counts <- as.numeric(table(factor(given, q)))
    coincidences <- coincidences +
      (outer(counts, counts) - diag(counts, k)) / (length(given) - 1)
  }
  n <- rowSums(coincidences)
  far <- switch(
    level,
    nominal = 1 - diag(k),
    interval = outer(q, q, function(a, b) (a - b)^2),
    ratio = {
      d <- outer(q, q, function(a, b) ((a - b) / (a + b))^2)
      ifelse(is.nan(d), 0, d)
    },
    ordinal = outer(seq_len(k), seq_len(k), Vectorize(function(a, b) {
      if (a == b) 0 else (sum(n[a:b]) - (n[a] + n[b]) / 2)^2
    })))
  1 - (sum(n) - 1) * sum(coincidences * far) / sum(outer(n, n) * far)
}
fleiss <- function(complete) {
  found <- irr::kappam.fleiss(complete, detail = TRUE)
  list(kappa = found$value, z = found$statistic, p = found$p.value)
}
two_raters <- function(ratings, weight) {
  found <- irr::kappa2(na.omit(ratings[, 1:2]), weight)
  list(kappa = found$value, z = found$statistic, p = found$p.value)
}
cohen <- function(ratings) {
  found <- quietly(psych::cohen.kappa(as.matrix(na.omit(ratings[, 1:2]))))
  limits <- found$confid
  list(kappa = found$kappa, weighted_quadratic = found$weighted.kappa,
       confid = with_names(limits), var = c(found$var.kappa, found$var.weighted))
}
chance_corrected <- function(ratings, coefficient, weights) {
  found <- quietly(getExportedValue("irrCAC", coefficient)(ratings, weights = weights))$est
  list(coeff = found$coeff.val, se = found$coeff.se, ci = as.character(found$conf.int),
       p = found$p.value, pa = found$pa, pe = found$pe)
}
named <- function(names, f) lapply(setNames(names, names), f)
coefficients <- c("gwet.ac1.raw", "fleiss.kappa.raw", "krippen.alpha.raw", "bp.coeff.raw",
                  "conger.kappa.raw")
agreement <- function(name, data, ratings) {
  table <- as.matrix(ratings)
  values <- list(
    categories = sort(unique(table[!is.na(table)])),
    krippendorff = named(c("nominal", "ordinal", "interval", "ratio"),
                         function(level) krippendorff(table, level)),
    fleiss = fleiss(na.omit(ratings)),
    kappa2_rater1_rater2 = named(c("unweighted", "equal", "squared"),
                                 function(weight) two_raters(ratings, weight)),
    psych_cohen.kappa = cohen(ratings),
    irrCAC = named(coefficients, function(coefficient) {
      named(c("unweighted", "linear", "quadratic", "ordinal"),
            function(weights) chance_corrected(ratings, coefficient, weights))
    }))
  record(
    paste0("agreement_", name),
    paste("rater agreement: Krippendorff alpha, Fleiss, Cohen (weighted), Gwet AC1/AC2,",
          "Brennan-Prediger"),
    values,
    c("irr::kappam.fleiss(na.omit(w))", "irr::kappa2(w[,1:2], weight)",
      paste("irrCAC::gwet.ac1.raw / fleiss.kappa.raw / krippen.alpha.raw / bp.coeff.raw /",
            "conger.kappa.raw (ratings, weights=)   # values rounded to 5 decimals by irrCAC"),
      "psych::cohen.kappa(w[,1:2])"),
    c("psych", "irr", "irrCAC"), data, names(ratings), nrow(ratings),
    paste("krippendorff = Krippendorff (2011) coincidence-matrix formula, own R code, equal to",
          "PyPI krippendorff 0.9.0. KNOWN DEFECT of irr 0.84.1 kripp.alpha: with complete data",
          "and more than 2 raters it divides by 1 and not by (m-1), so alpha is too low (it is",
          "right with missing ratings or 2 raters). irrCAC weights='linear'/'quadratic' with",
          "gwet.ac1.raw is Gwet's AC2. Krippendorff and irrCAC use all data; Fleiss and kappa2",
          "complete rows."))
}
patients <- read_data("expsy_ratings")
agreement("wine", "wine_judges", read_data("wine_judges"))
agreement("expsy", "expsy_ratings", patients[c("r1", "r2", "r3")])
agreement("expsy_binary", "expsy_ratings", patients[c("rb1", "rb2", "rb3")])
agreement("krippendorff2011", "krippendorff_2011", read_data("krippendorff_2011"))
