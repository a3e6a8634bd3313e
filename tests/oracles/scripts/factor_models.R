# What is kept of a fitted lavaan model; sourced after files.R, not run by itself.
suppressPackageStartupMessages({library(lavaan); library(semTools)})

measures <- c(
  "npar", "chisq", "df", "pvalue", "chisq.scaled", "pvalue.scaled", "chisq.scaling.factor",
  "baseline.chisq", "baseline.df", "cfi", "tli", "cfi.scaled", "tli.scaled", "cfi.robust",
  "tli.robust", "logl", "aic", "bic", "ntotal", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper",
  "rmsea.pvalue", "rmsea.scaled", "rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled",
  "rmsea.robust", "rmsea.ci.lower.robust", "rmsea.ci.upper.robust", "srmr")
fit_of <- function(model) {
  found <- unclass(suppressWarnings(fitMeasures(model)))
  found[intersect(measures, names(found))]
}
estimates_of <- function(model) {
  found <- as.data.frame(parameterEstimates(model, remove.nonfree = FALSE))
  standardised <- as.data.frame(standardizedSolution(model))
  found$std.all <- standardised$est.std
  found$std.se <- standardised$se
  kept <- c("lhs", "op", "rhs", "group", "est", "se", "std.all", "std.se")
  found[intersect(kept, names(found))]
}
