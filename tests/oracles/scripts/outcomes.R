# Means, changes and differences between arms, of people and of teams.
# Writes values: outcomes
# Writes data: outcomes_sleep outcomes_teams
# Made with: R 4.2.2, effectsize 0.8.3, sandwich 3.0.2
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(effectsize); library(sandwich)})

interval <- function(estimate, limits, n) {
  list(estimate = unname(estimate), conf_low = unname(limits[1]),
       conf_high = unname(limits[2]), n = n)
}
# The exact form (Hedges 1981), as effectsize has it.
hedges_j <- function(df) exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)

# --- data -----------------------------------------------------------------------
sleep_pairs <- data.frame(
  participant = as.character(sleep$ID[sleep$group == 1]),
  before = sleep$extra[sleep$group == 1], after = sleep$extra[sleep$group == 2])

set.seed(20261123)
sizes <- c(4, 7, 5, 9, 6, 8, 5, 6, 10, 4, 7, 6)   # twelve teams, six an arm
team <- rep(sprintf("team-%02d", seq_along(sizes)), sizes)
arm <- rep(rep(c("pilot", "comparison"), 6), sizes)
level <- rep(rnorm(12, 0, 2), sizes)
gain <- rep(rnorm(12, 0, 1), sizes)
n <- length(team)
before <- round(30 + level + rnorm(n, 0, 5), 1)
after <- round(12 + 0.6 * before + level + gain + 2 * (arm == "pilot") + rnorm(n, 0, 4), 1)
before[c(3, 20, 41)] <- NA
after[c(8, 20, 55, 70)] <- NA
teams <- data.frame(participant = sprintf("p%03d", seq_len(n)), arm, cluster = team,
                    before, after)
sleep_pairs <- write_data(sleep_pairs, "outcomes_sleep", quote = TRUE)
teams <- write_data(teams, "outcomes_teams", quote = TRUE)

# --- description ----------------------------------------------------------------
describe <- function(x) {
  x <- x[!is.na(x)]; n <- length(x); df <- n - 1
  list(
    mean = interval(mean(x), t.test(x)$conf.int, n),
    standard_deviation = interval(sd(x), sd(x) * sqrt(df / qchisq(c(.975, .025), df)), n),
    # prop.test without correction is Wilson's interval; 20 of 59 as an example
    wilson_20_of_59 = interval(20 / 59, prop.test(20, 59, correct = FALSE)$conf.int, 59),
    wilson_0_of_59 = interval(0, prop.test(0, 59, correct = FALSE)$conf.int, 59))
}

# --- change ---------------------------------------------------------------------
noncentral <- function(t, df) {  # uniroot on pt: tighter than effectsize's optim
  root <- function(p) uniroot(function(ncp) pt(t, df, ncp) - p,
                              c(-5, 5) + c(-2, 2) * abs(t), tol = 1e-13)$root
  c(root(.975), root(.025))
}
bonett <- function(m, sd1, sd2, r, n) {
  # The formula of statpsych 1.4+ ci.stdmean.ps (unweighted standardizer), in base R.
  df <- n - 1; v1 <- sd1^2; v2 <- sd2^2; s <- sqrt((v1 + v2) / 2); d <- m / s
  vd <- v1 + v2 - 2 * r * sd1 * sd2
  se <- sqrt(d^2 * (v1^2 + v2^2 + 2 * r^2 * v1 * v2) / (8 * df * s^4) + vd / (df * s^2))
  interval(hedges_j(df) * d, d + c(-1, 1) * qnorm(.975) * se, n)
}
paired <- function(b, a) {
  test <- t.test(a, b, paired = TRUE); n <- length(a); ch <- a - b
  es <- effectsize::cohens_d(a, b, paired = TRUE)
  r <- cor.test(b, a)
  list(
    mean_before = interval(mean(b), t.test(b)$conf.int, n),
    mean_after = interval(mean(a), t.test(a)$conf.int, n),
    mean_change = interval(mean(ch), test$conf.int, n),
    cohen_d_z = interval(mean(ch) / sd(ch),
                         noncentral(unname(test$statistic), n - 1) / sqrt(n), n),
    cohen_d_z_effectsize = interval(es$Cohens_d, c(es$CI_low, es$CI_high), n),
    hedges_g_av = bonett(mean(ch), sd(b), sd(a), cor(b, a), n),
    pre_post_correlation = interval(r$estimate, r$conf.int, n))
}
unlinked <- function(b, a) {
  b <- b[!is.na(b)]; a <- a[!is.na(a)]
  n <- c(length(b), length(a)); df <- sum(n) - 2
  test <- t.test(a, b)
  pooled <- sqrt(((n[1] - 1) * var(b) + (n[2] - 1) * var(a)) / df)
  d <- (mean(a) - mean(b)) / pooled; unit <- sqrt(sum(1 / n))
  es <- effectsize::cohens_d(a, b, pooled_sd = TRUE)
  list(
    mean_before = interval(mean(b), t.test(b)$conf.int, n[1]),
    mean_after = interval(mean(a), t.test(a)$conf.int, n[2]),
    mean_change = interval(mean(a) - mean(b), test$conf.int, sum(n)),
    hedges_g = interval(hedges_j(df) * d, hedges_j(df) * unit * noncentral(d / unit, df),
                        sum(n)),
    # effectsize's d and limits, times the same J
    hedges_g_effectsize = interval(hedges_j(df) * es$Cohens_d,
                                   hedges_j(df) * c(es$CI_low, es$CI_high), sum(n)))
}
by_team <- function(x, g) tapply(x, g, mean)
paired_teams <- function(f) {
  ch <- f$after - f$before; n <- nrow(f)
  b <- by_team(f$before, f$cluster); a <- by_team(f$after, f$cluster)
  test <- t.test(by_team(ch, f$cluster)); lim <- c(test$conf.int)
  s_av <- sqrt((var(f$before) + var(f$after)) / 2); j <- hedges_j(n - 1)
  list(
    mean_before = interval(mean(b), t.test(b)$conf.int, n),
    mean_after = interval(mean(a), t.test(a)$conf.int, n),
    mean_change = interval(test$estimate, lim, n),
    cohen_d_z = interval(test$estimate / sd(ch), lim / sd(ch), n),
    hedges_g_av = interval(j * test$estimate / s_av, j * lim / s_av, n))
}
unlinked_teams <- function(f) {
  fb <- f[!is.na(f$before), ]; fa <- f[!is.na(f$after), ]
  b <- by_team(fb$before, fb$cluster); a <- by_team(fa$after, fa$cluster)
  n <- c(nrow(fb), nrow(fa)); df <- sum(n) - 2; j <- hedges_j(df)
  s <- sqrt(((n[1] - 1) * var(fb$before) + (n[2] - 1) * var(fa$after)) / df)
  test <- t.test(a - b); lim <- c(test$conf.int)
  list(
    mean_before = interval(mean(b), t.test(b)$conf.int, n[1]),
    mean_after = interval(mean(a), t.test(a)$conf.int, n[2]),
    mean_change = interval(test$estimate, lim, sum(n)),
    hedges_g = interval(j * test$estimate / s, j * lim / s, sum(n)))
}

# --- comparison -----------------------------------------------------------------
pooled_before <- function(f) {
  v <- tapply(f$before, f$arm, var); k <- table(f$arm) - 1
  sqrt(sum(v * k) / sum(k))
}
over_spread <- function(estimate, se, quantile, spread, size, n, clustered) {
  d <- estimate / spread
  se_d <- sqrt((se / spread)^2 + if (clustered) 0 else d^2 / (2 * (size - 2)))
  interval(hedges_j(size - 2) * d, hedges_j(size - 2) * (d + c(-1, 1) * quantile * se_d), n)
}
arms <- function(pairs, units, clustered) {
  units$treated <- as.numeric(units$arm == "pilot"); n <- nrow(pairs)
  fit <- lm(after ~ treated + before, units)
  ch <- units$after - units$before
  test <- t.test(ch[units$treated == 1], ch[units$treated == 0], var.equal = clustered)
  value <- unname(test$estimate[1] - test$estimate[2])
  s <- pooled_before(pairs)
  co <- summary(fit)$coefficients["treated", ]
  list(
    adjusted_mean_difference = interval(co[1], confint(fit)["treated", ], n),
    difference_in_change = interval(value, test$conf.int, n),
    hedges_g_adjusted = over_spread(co[1], co[2], qt(.975, fit$df.residual), s, n, n, clustered),
    morris_d_ppc2 = over_spread(value, test$stderr, qt(.975, test$parameter), s, n, n,
                                clustered))
}
team_means <- function(f) {
  aggregate(cbind(before, after) ~ cluster + arm, f, mean)
}
arms_unlinked_people <- function(f) {
  long <- rbind(data.frame(arm = f$arm, wave = 0, score = f$before),
                data.frame(arm = f$arm, wave = 1, score = f$after))
  long <- long[!is.na(long$score), ]; long$treated <- as.numeric(long$arm == "pilot")
  fit <- lm(score ~ treated * wave, long)
  se <- sqrt(vcovHC(fit, type = "HC3")["treated:wave", "treated:wave"])
  value <- coef(fit)["treated:wave"]; q <- qt(.975, fit$df.residual); n <- nrow(long)
  fb <- f[!is.na(f$before), ]
  list(difference_in_change = interval(value, value + c(-1, 1) * q * se, n),
       morris_d_ppc2 = over_spread(unname(value), se, q, pooled_before(fb), nrow(fb), n,
                                   FALSE))
}
arms_unlinked_teams <- function(f) {
  fb <- f[!is.na(f$before), ]; fa <- f[!is.na(f$after), ]
  ch <- by_team(fa$after, fa$cluster) - by_team(fb$before, fb$cluster)
  of <- f$arm[match(names(ch), f$cluster)]
  test <- t.test(ch[of == "pilot"], ch[of == "comparison"], var.equal = TRUE)
  value <- unname(test$estimate[1] - test$estimate[2]); n <- nrow(fb) + nrow(fa)
  list(difference_in_change = interval(value, test$conf.int, n),
       morris_d_ppc2 = over_spread(value, test$stderr, qt(.975, test$parameter),
                                   pooled_before(fb), nrow(fb), n, TRUE))
}

# --- values ---------------------------------------------------------------------
both <- teams[complete.cases(teams), ]
values <- list(
  made_by = versions_of(c("effectsize", "sandwich")),
  description_teams_before = describe(teams$before),
  paired_sleep = paired(sleep_pairs$before, sleep_pairs$after),
  paired_teams = paired(both$before, both$after),
  paired_teams_clustered = paired_teams(both),
  unlinked_sleep = unlinked(sleep_pairs$before, sleep_pairs$after),
  unlinked_teams = unlinked(teams$before, teams$after),
  unlinked_teams_clustered = unlinked_teams(teams),
  arms_participants = arms(both, both, FALSE),
  arms_clusters = arms(both, team_means(both), TRUE),
  arms_unlinked_people = arms_unlinked_people(teams),
  arms_unlinked_clusters = arms_unlinked_teams(teams))
write_values(values, "outcomes")
