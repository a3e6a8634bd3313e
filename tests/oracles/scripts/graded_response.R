# Samejima's graded response model by marginal likelihood.
# Writes values: grm_bfi_agree1000
# Made with: R 4.2.2, mirt 1.47
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(mirt))

x <- read_data("bfi_A_complete1000")
model <- quietly(mirt::mirt(
  x, 1, "graded", SE = TRUE, verbose = FALSE, TOL = 1e-8, quadpts = 121,
  technical = list(NCYCLES = 5000, theta_lim = c(-6, 6))))
of_items <- function(...) with_names(mirt::coef(model, simplify = TRUE, ...)$items)
grid <- matrix(seq(-3, 3, .5))
information <- mirt::testinfo(model, grid)
by_item <- sapply(seq_along(x), function(i) {
  mirt::iteminfo(mirt::extract.item(model, i), grid)
})
colnames(by_item) <- names(x)
errors <- lapply(mirt::coef(model, printSE = TRUE)[names(x)], function(item) {
  as.list(item["SE", ])
})
of_people <- function(method) {
  found <- head(mirt::fscores(model, method = method, full.scores.SE = TRUE), 40)
  list(theta = unname(found[, 1]), se = unname(found[, 2]))
}
values <- list(
  IRT_pars_a_b = of_items(IRTpars = TRUE), slope_intercept = of_items(),
  se_slope_intercept = errors, logLik = mirt::extract.mirt(model, "logLik"),
  AIC = mirt::extract.mirt(model, "AIC"), BIC = mirt::extract.mirt(model, "BIC"),
  theta_grid = as.numeric(grid), test_information = as.numeric(information),
  conditional_sem = 1 / sqrt(as.numeric(information)),
  item_information = with_names(by_item), EAP = c(list(n_first = 40), of_people("EAP")),
  MAP = of_people("MAP"),
  empirical_rxx_EAP = as.numeric(mirt::fscores(model, returnER = TRUE)),
  marginal_rxx = mirt::marginal_rxx(model),
  personfit_first = list(Zh = head(mirt::personfit(model)$Zh, 40)))
record("grm_bfi_agree1000", "graded response model (Samejima) by marginal ML", values,
       paste("mirt::mirt(na.omit(x), 1, 'graded', SE=TRUE, TOL=1e-8, quadpts=121,",
             "theta_lim=c(-6,6))"),
       "mirt", "bfi_A_complete1000", names(x), nrow(x),
       "complete cases; EAP with N(0,1) prior on the 121-point grid")
