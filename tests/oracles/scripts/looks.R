# Looks at successive waves: bounds of Lan and DeMets' spending, two-sided.
# Writes values: looks
# Made with: R 4.2.2, mvtnorm 1.1.3
source("tests/oracles/scripts/files.R")
library(mvtnorm)
set.seed(20261130)

spent <- function(t, alpha = .05) 4 * pnorm(qnorm(1 - alpha / 4) / sqrt(t), lower.tail = FALSE)

# P(no bound crossed up to look k) from the joint normal of the statistics
bounds <- function(t) {
  found <- numeric(0)
  shape <- outer(t, t, function(a, b) sqrt(pmin(a, b) / pmax(a, b)))
  for (k in seq_along(t)) {
    within <- function(last) {
      limit <- c(found, last)
      if (k == 1) return(2 * pnorm(limit) - 1)
      pmvnorm(-limit, limit, corr = shape[1:k, 1:k], algorithm = Miwa(steps = 2048))[1]
    }
    found <- c(found, uniroot(function(c) 1 - within(c) - spent(t[k]), c(.5, 9), tol = 1e-12)$root)
  }
  found
}
cases <- list(c(.5, 1), c(1, 2, 3) / 3, c(.3, .8, 1), c(1, 2, 3, 4) / 4)
values <- list(cases = lapply(cases, function(t)
  list(shares = t, spent = spent(t), bounds = bounds(t))),
  versions = versions_of("mvtnorm"))
write_values(values, "looks")
