# Invariance of five yearly waves of four items, wave by wave against the first, as groups;
# nobody left anything out. The rows are MPsychoR's SDOwave (GPL-2) and are not kept here.
# Writes values: social_dominance
# Made with: R 4.2.2, lavaan 0.6.14, MPsychoR 0.10.8
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(lavaan))

data(SDOwave, package = "MPsychoR")
items <- paste0("i", 1:4)
wave <- function(year) cbind(setNames(SDOwave[paste0("I", 1:4, ".", year)], items), year = year)
levels <- list(
  configural = "", metric = "loadings", scalar = c("loadings", "intercepts"),
  strict = c("loadings", "intercepts", "residuals"))
kept <- c("cfi.robust", "rmsea.robust", "srmr")
fits <- function(year) {
  both <- rbind(wave(1996), wave(year))
  found <- sapply(levels, function(equal) {
    fit <- cfa(paste("f =~", paste(items, collapse = " + ")), both, group = "year",
               std.lv = TRUE, estimator = "MLR", missing = "listwise", group.equal = equal)
    unclass(fitMeasures(fit, kept))
  })
  lapply(setNames(kept, kept), function(measure) as.list(found[measure, ]))
}
write_values(lapply(setNames(1997:2000, 1997:2000), fits), "social_dominance")
