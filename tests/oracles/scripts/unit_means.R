# Arms of few units: HC2 with Bell-McCaffrey degrees of freedom, and permutations.
# Writes values: unit_means
# Writes data: unit_means unit_means_wedge
# Made with: R 4.2.2, estimatr 1.0.0, clubSandwich 0.5.8
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(estimatr); library(clubSandwich)})

# --- twelve units, allocated in several ways ---------------------------------------
set.seed(20261130)
units <- data.frame(unit = sprintf("u%02d", 1:12))
units$people <- c(5, 7, 22, 31, 18, 40, 12, 26, 35, 9, 44, 15)
units$before <- round(rnorm(12, 40, 2), 2)
units$half <- rep(c("pilot", "usual"), 6)
units$few <- ifelse(units$unit %in% c("u01", "u05", "u08"), "pilot", "usual")
units$small <- ifelse(units$unit %in% c("u01", "u02"), "pilot", "usual")
units$large <- ifelse(units$unit %in% c("u09", "u11"), "pilot", "usual")
units$pair <- rep(sprintf("p%d", 1:6), each = 2)
units$stratum <- c("a", "a", "a", "b", "b", "b", "b", "b", "c", "c", "c", "d")
units$within <- c("pilot", "usual", "usual", "pilot", "pilot", "usual", "usual", "usual",
                  "pilot", "usual", "pilot", "pilot")
units$after <- round(8 + .8 * units$before + 1.5 * (units$half == "pilot") + rnorm(12, 0, 1.5), 2)
units$sampling_variance <- round(18 / units$people, 4)
units <- write_data(units, "unit_means")
units$change <- units$after - units$before

robust <- function(outcome, arm, data, strata = FALSE) {
  data$treated <- as.numeric(data[[arm]] == "pilot")
  formula <- reformulate(c("treated", if (strata) "factor(stratum)"), outcome)
  own <- lm_robust(formula, data, se_type = "HC2")
  satterthwaite <- conf_int(lm(formula, data), vcov = "CR2", cluster = seq_len(nrow(data)),
                            test = "Satterthwaite")
  row <- satterthwaite[satterthwaite$Coef == "treated", ]
  list(estimate = unname(own$coefficients["treated"]), se = unname(own$std.error["treated"]),
       df = row$df, low = row$CI_L, high = row$CI_U)
}
ancova <- function(arm, data, strata = FALSE) {
  data$treated <- as.numeric(data[[arm]] == "pilot")
  fit <- lm(reformulate(c("treated", "before", if (strata) "factor(stratum)"), "after"), data)
  found <- confint(fit)["treated", ]
  list(estimate = unname(coef(fit)["treated"]), df = fit$df.residual, low = found[[1]],
       high = found[[2]])
}
mixed <- subset(units, stratum != "d")
pooled <- t.test(units$change[units$half == "pilot"], units$change[units$half == "usual"],
                 var.equal = TRUE)
one_group <- t.test(units$change)

# --- permutations, by trying every allocation ------------------------------------------
statistic <- function(change, treated, design, variance) {
  weights <- lm.fit(design, as.numeric(treated))$residuals   # Frisch and Waugh
  weights <- weights / sum(weights * treated)
  sum(weights * change) / sqrt(sum(weights^2 * variance))
}
permuted <- function(data, arm, allocations, design, variance) {
  real <- data[[arm]] == "pilot"
  size <- function(v) apply(allocations, 2, function(treated)
    statistic(data$change - v * real, treated, design, variance))
  at <- which(apply(allocations, 2, function(treated) all(treated == real)))
  zero <- size(0); slope <- zero - size(1)
  stopifnot(all.equal(size(2.7), zero - 2.7 * slope))
  p <- function(v) { found <- abs(zero - v * slope); mean(found >= found[at] - 1e-11 * max(found)) }
  # Between the values at which two statistics are as large, p does not change.
  ends <- c((zero[at] - zero) / (slope[at] - slope), (zero[at] + zero) / (slope[at] + slope))
  ends <- sort(unique(round(ends[is.finite(ends) & abs(ends) < 1e6], 12)))
  middles <- c(ends[1] - 1, (head(ends, -1) + tail(ends, -1)) / 2, tail(ends, 1) + 1)
  inside <- which(vapply(middles, p, 0) > .05)
  floor <- p(1e7)
  limits <- if (floor > .05) c(NA, NA) else c(ends[min(inside) - 1], ends[max(inside)])
  list(estimate = zero[at] / slope[at], p = p(0), low = limits[1], high = limits[2],
       floor = floor, allocations = ncol(allocations))
}
every <- function(n, k) apply(combn(n, k), 2, function(set) seq_len(n) %in% set)
by_blocks <- function(blocks) {  # the allocations of each block, in all combinations
  grid <- expand.grid(lapply(blocks, function(b) seq_len(ncol(b))))
  apply(grid, 1, function(row) unlist(Map(function(b, j) b[, j], blocks, row)))
}
moments <- function(data, arm) {  # A of A + B/n from residuals about the arms' means
  treated <- data[[arm]] == "pilot"
  residual <- data$change - ave(data$change, treated)
  kept <- 1 - 1 / ave(rep(1, nrow(data)), treated, FUN = sum)
  max(0, (sum(residual^2) - sum(kept * data$sampling_variance)) / sum(kept))
}
one <- cbind(rep(1, 12))
even <- rep(1, 12)
within <- by_blocks(list(every(3, 1), every(5, 2), every(3, 2)))
paired <- by_blocks(rep(list(every(2, 1)), 6))
listed <- every(12, 6)[, seq(1, 924, by = 7)]
half <- units$half == "pilot"
if (!any(apply(listed, 2, function(t) all(t == half)))) listed <- cbind(half, listed)

# --- eight teams in two sites that start one after the other -------------------------
wedge <- expand.grid(cluster = sprintf("t%d", 1:8), wave = 1:5)
wedge$stratum <- ifelse(wedge$cluster %in% sprintf("t%d", 1:4), "north", "south")
starts <- c(t1 = 3, t2 = 2, t3 = 5, t4 = 4, t5 = 2, t6 = 4, t7 = 5, t8 = 3)
wedge$start <- starts[as.character(wedge$cluster)]
wedge$score <- round(rnorm(8, 30, 2)[wedge$cluster] + .5 * wedge$wave * (wedge$stratum == "north") +
                       1.2 * (wedge$wave >= wedge$start) + rnorm(40, 0, 1), 2)
wedge <- write_data(wedge, "unit_means_wedge")
orders <- function() {
  four <- as.matrix(expand.grid(2:5, 2:5, 2:5, 2:5))
  four <- four[apply(four, 1, function(o) length(unique(o)) == 4), ]
  grid <- expand.grid(1:24, 1:24)
  cbind(four[grid[, 1], ], four[grid[, 2], ])
}
design <- model.matrix(~ 0 + factor(cluster) + factor(wave):factor(stratum), wedge)
design <- qr.Q(qr(design))[, seq_len(qr(design)$rank)]
cells <- apply(orders(), 1, function(order) {
  begun <- order[as.integer(substr(wedge$cluster, 2, 2))]
  wedge$wave >= begun
})
wedge$arm <- ifelse(wedge$wave >= wedge$start, "pilot", "usual")
wedge$change <- wedge$score

# --- means of one group in clusters, of scores and of a share --------------------------
teams <- read_data("outcomes_teams")
teams <- teams[!is.na(teams$before), ]
clustered <- function(x, cluster) {
  found <- conf_int(lm(x ~ 1), vcov = "CR2", cluster = cluster, test = "Satterthwaite")
  list(estimate = found$beta, df = found$df, low = found$CI_L, high = found$CI_U,
       n = length(x))
}
four <- teams[teams$cluster %in% sprintf("team-%02d", 1:4), ]

values <- list(
  made_by = versions_of(c("estimatr", "clubSandwich")),
  half = robust("change", "half", units),
  half_pooled = list(estimate = -diff(unname(pooled$estimate)), df = unname(pooled$parameter),
                     low = pooled$conf.int[1], high = pooled$conf.int[2]),
  few = robust("change", "few", units),
  few_after = robust("after", "few", units),
  within = robust("change", "within", mixed, TRUE),
  within_after = robust("after", "within", mixed, TRUE),
  few_adjusted = ancova("few", units),
  within_adjusted = ancova("within", mixed, TRUE),
  one_group = list(estimate = unname(one_group$estimate), df = unname(one_group$parameter),
                   low = one_group$conf.int[1], high = one_group$conf.int[2]),
  mean_of_twelve = clustered(teams$before, teams$cluster),
  share_of_twelve = clustered(as.numeric(teams$before > 32), teams$cluster),
  mean_of_four = clustered(four$before, four$cluster),
  permuted_few = permuted(units, "few", every(12, 3), one, even),
  permuted_half = permuted(units, "half", every(12, 6), one, even),
  permuted_small = permuted(units, "small", every(12, 2), one, even),
  permuted_small_by_size = permuted(units, "small", every(12, 2), one,
                                    moments(units, "small") + units$sampling_variance),
  permuted_large = permuted(units, "large", every(12, 2), one, even),
  permuted_within = permuted(mixed, "within", within, model.matrix(~ stratum, mixed),
                             rep(1, 11)),
  permuted_pairs = permuted(units, "half", paired, model.matrix(~ pair, units), even),
  permuted_list = permuted(units, "half", listed, one, even),
  listed = lapply(seq_len(ncol(listed)), function(j) units$unit[listed[, j]]),
  wedge = permuted(wedge, "arm", cells, design, rep(1, 40)))
write_values(values, "unit_means")
