# Profile limits of standard deviations in small sets, where a search may end at zero.
# Writes data: variance_limits
# Writes values: variance_limits
# Made with: R 4.2.2, lme4 1.1.31
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(lme4))

ratings <- do.call(rbind, lapply(c(2, 4, 8, 12), function(seed) {
  set.seed(seed)
  staff <- sprintf("w%02d", sample(1:12, 90, replace = TRUE))
  pull <- setNames(rnorm(12, 0, .3), sprintf("w%02d", 1:12))
  score <- round(pmin(pmax(4 + pull[staff] + rnorm(90, 0, .9), 1), 5))
  data.frame(seed, staff, score)
}))
stored <- write_data(ratings, "variance_limits")
limits <- lapply(split(stored, stored$seed), function(rows) {
  model <- lmer(score ~ 1 + (1 | staff), rows, REML = FALSE)
  found <- quietly(confint(model, method = "profile", oldNames = FALSE, devtol = 1e-7))
  list(staff = found[1, ], residual = found[2, ])
})
record("variance_limits", "95 % profile limits of the standard deviations, ML",
       limits, "confint(lmer(score ~ 1 + (1 | staff), REML = FALSE), method = 'profile')",
       "lme4", "variance_limits", note = "one model a seed")
