# Intraclass correlations, with the errors of measurement they go with.
# Writes values: icc_shrout_fleiss icc_wine icc_expsy_missing
# Made with: R 4.2.2, psych 2.2.9, lme4 1.1.31
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(psych); library(lme4)})

squares <- function(x) {   # of complete ratings: those rated, the raters, the rest
  n <- nrow(x); k <- ncol(x); x <- as.matrix(x)
  rated <- k * var(rowMeans(x)); raters <- n * var(colMeans(x))
  rest <- x - outer(rowMeans(x), rep(1, k)) - outer(rep(1, n), colMeans(x)) + mean(x)
  error <- sum(rest^2) / ((n - 1) * (k - 1))
  of_raters <- (raters - error) / n
  agreement <- sqrt(max(of_raters, 0) + error)
  list(MSR = rated, MSC = raters, MSE = error, var_target = (rated - error) / k,
       var_rater = of_raters, var_error = error, SEM_agreement = agreement,
       SEM_consistency = sqrt(error), SDC_agreement = 1.96 * sqrt(2) * agreement,
       SDC_consistency = 1.96 * sqrt(2) * sqrt(error))
}
correlations <- function(name, data, ratings, note = "") {
  complete <- na.omit(ratings)
  by_squares <- quietly(psych::ICC(complete, lmer = FALSE))
  by_likelihood <- quietly(psych::ICC(ratings, lmer = TRUE, missing = FALSE))
  record(
    paste0("icc_", name),
    "intraclass correlations (Shrout-Fleiss / McGraw-Wong), SEM, SDC",
    list(anova_complete = with_row_names(by_squares$results),
         lmer = with_row_names(by_likelihood$results),
         lmer_variances = with_row_names(by_likelihood$lme),
         agreement_measures = squares(complete)),
    c("psych::ICC(na.omit(w), lmer=FALSE) -> anova_complete",
      "psych::ICC(w, lmer=TRUE, missing=FALSE) -> lmer (REML, uses all ratings)"),
    c("psych", "lme4"), data, names(ratings), nrow(ratings), note)
}
correlations("shrout_fleiss", "shrout_fleiss_1979", read_data("shrout_fleiss_1979"))
correlations("wine", "wine_judges", read_data("wine_judges"))
correlations("expsy_missing", "expsy_ratings", read_data("expsy_ratings")[c("r1", "r2", "r3")],
             "one missing rating: ANOVA on complete rows, lmer on all")
