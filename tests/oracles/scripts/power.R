# Power in closed form: unequal arms, an unsure intracluster correlation, stepped wedges.
# Writes values: power
# Made with: R 4.2.2, swCRTdesign 4.0
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(swCRTdesign))

# --- two arms of teams of 20, each asked once after: variance icc + (1 - icc) / 20 --------
arms <- function(icc, k1, k0, effect = .4) {
  error <- sqrt((icc + (1 - icc) / 20) * (1 / k1 + 1 / k0))
  df <- (1 / k1 + 1 / k0)^2 / (1 / (k1^2 * (k1 - 1)) + 1 / (k0^2 * (k0 - 1)))
  reach <- qt(.975, df)
  1 - pt(reach, df, effect / error) + pt(-reach, df, effect / error)
}
sure <- integrate(function(icc) vapply(icc, arms, 0, k1 = 8, k0 = 14), .02, .15,
                  rel.tol = 1e-12)$value / .13

# --- stepped wedges by swCRTdesign; variances of a score of SD 1 --------------------------
wedge <- function(groups, n, icc, stability, person = 0, effect = .2, after = 0) {
  cohort <- person > 0
  got <- quietly(swPwr(swDsn(groups, extra.trt.time = after), distn = "gaussian", n = n, mu0 = 0,
    mu1 = effect, tau = sqrt(icc * stability), gamma = sqrt(icc * (1 - stability)),
    zeta = sqrt((1 - icc) * person), sigma = sqrt((1 - icc) * (1 - person)),
    retDATA = TRUE))
  list(groups = as.list(groups), size = n, icc = icc, stability = stability, person = person,
       effect = effect, after = after, variance = as.numeric(got$var.theta.WLS)[1],
       power = as.numeric(got$pwrWLS)[1])
}
# Hussey & Hughes (2007), equation 8, for 24 teams in 4 groups, 5 waves, 120 people
hussey_hughes <- function(I, T, X, s2, t2) {
  U <- sum(X); W <- sum(colSums(X)^2); V <- sum(rowSums(X)^2)
  I * s2 * (s2 + T * t2) / ((I * U - W) * s2 + (U^2 + I * T * U - T * W - I * V) * t2)
}
X <- 1 * outer(rep(1:4, each = 6), 0:4, "<=")
values <- list(
  arms = lapply(list(c(6, 6), c(4, 12), c(8, 14)), function(k)
    list(treated = k[1], control = k[2], power = arms(.05, k[1], k[2]))),
  assurance = list(low = .02, high = .15, treated = 8, control = 14, value = sure,
                   at_low = arms(.02, 8, 14), at_high = arms(.15, 8, 14)),
  wedges = list(wedge(c(6, 6, 6, 6), 120, .02, 1), wedge(c(3, 3, 3), 20, .05, .8),
                wedge(c(2, 3, 4), 15, .1, .7, after = 2),
                wedge(c(4, 4, 4), 20, .05, .8, person = .6)),
  hussey_hughes = list(variance = hussey_hughes(24, 5, X, .05 * .95 / 120, .01^2),
                       sigma2 = .05 * .95 / 120, tau2 = .01^2),
  versions = versions_of("swCRTdesign"))
write_values(values, "power")
