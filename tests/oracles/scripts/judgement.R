# Pooling of sites, equivalence, families of tests, posterior probabilities.
# Writes values: judgement
# Made with: R 4.2.2, metafor 3.8.1, emmeans 1.8.4.1, clubSandwich 0.5.8
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({
  library(metafor); library(emmeans); library(clubSandwich)})

# --- pooling --------------------------------------------------------------------
pool <- function(yi, sei, method) {
  vi <- sei^2; tight <- list(threshold = 1e-12, tol = 1e-13, maxiter = 10000)
  plain <- rma(yi, vi, method = method, test = "knha", control = tight)
  cautious <- rma(yi, vi, method = method, test = "adhoc", control = tight)
  profile <- confint(cautious, control = list(tol = 1e-13))$random
  ahead <- predict(cautious)
  shrunk <- as.data.frame(blup(cautious))
  list(effects = yi, standard_errors = sei, method = method,
       pooled_effect = c(plain$b, plain$ci.lb, plain$ci.ub),
       pooled_effect_cautious = c(cautious$b, cautious$ci.lb, cautious$ci.ub),
       prediction_interval = c(cautious$b, ahead$pi.lb, ahead$pi.ub),
       between_site_standard_deviation = unname(profile["tau", ]),
       between_site_variance_share = unname(profile["I^2(%)", ]) / 100,
       homogeneity_p_value = plain$QEp,
       shrunken = as.matrix(unname(shrunk)))
}
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
alike <- list(yi = c(1.1, 1.2, 0.9, 1.0), sei = c(.5, .4, .6, .5))
three <- list(yi = c(0.4, 2.1, 1.3), sei = c(.35, .5, .6))
pooling <- list(
  bcg_reml = pool(c(bcg$yi), sqrt(bcg$vi), "REML"), bcg_pm = pool(c(bcg$yi), sqrt(bcg$vi), "PM"),
  alike_reml = pool(alike$yi, alike$sei, "REML"), alike_pm = pool(alike$yi, alike$sei, "PM"),
  three_reml = pool(three$yi, three$sei, "REML"), three_pm = pool(three$yi, three$sei, "PM"),
  bcg_dl = pool(c(bcg$yi), sqrt(bcg$vi), "DL"), alike_dl = pool(alike$yi, alike$sei, "DL"),
  three_dl = pool(three$yi, three$sei, "DL"))
common <- function(yi, sei) {  # one true effect for all sites
  found <- rma(yi, sei^2, method = "EE")
  list(effects = yi, standard_errors = sei, homogeneity_p_value = found$QEp,
       common_effect = c(found$b, found$ci.lb, found$ci.ub))
}
common_effects <- list(two = common(three$yi[1:2], three$sei[1:2]),
                       three = common(three$yi, three$sei),
                       bcg = common(c(bcg$yi), sqrt(bcg$vi)))

# --- equivalence ----------------------------------------------------------------
teams <- read_data("outcomes_teams")
teams <- teams[complete.cases(teams), ]
change <- teams$after - teams$before
paired <- t.test(change)
judge <- function(delta) {
  low <- t.test(change, mu = -delta, alternative = "greater")$p.value
  high <- t.test(change, mu = delta, alternative = "less")$p.value
  list(smallest_effect = delta, effect = unname(paired$estimate), standard_error = paired$stderr,
       degrees_of_freedom = unname(paired$parameter), n = length(change),
       p_value_equivalence = max(low, high),
       p_value_larger = t.test(change, mu = delta, alternative = "greater")$p.value,
       p_value_harm = t.test(change, mu = -delta, alternative = "less")$p.value,
       p_value_not_worse = low,
       effect_90 = c(t.test(change, conf.level = .9)$conf.int), effect_95 = c(paired$conf.int))
}
fit <- lm(extra ~ group, sleep)
tost <- function(delta) {
  as.data.frame(emmeans::test(pairs(emmeans(fit, ~group)), delta = delta,
                              side = "equivalence"))$p.value
}
co <- summary(fit)$coefficients[2, ]
teams$treated <- as.numeric(teams$arm == "pilot")
robust <- coef_test(lm(after ~ before + treated, teams), vcov = "CR2", cluster = teams$cluster,
                    test = "Satterthwaite")["treated", ]
delta <- 4
cr2 <- list(effect = robust$beta, standard_error = robust$SE, degrees_of_freedom = robust$df,
  smallest_effect = delta,
  p_value_equivalence = max(pt((robust$beta + delta) / robust$SE, robust$df, lower.tail = FALSE),
                            pt((robust$beta - delta) / robust$SE, robust$df)))
equivalence <- list(
  change = lapply(c(1, 5, 10), judge),
  sleep = list(effect = unname(co[1]), standard_error = unname(co[2]), degrees_of_freedom = 18,
               smallest_effect = c(1, 2, 4), p_value_equivalence = sapply(c(1, 2, 4), tost)),
  cr2 = cr2)

# --- families -------------------------------------------------------------------
p <- c(.001, .04, .03, .012, .2, .04, .8)
families <- list(p_values = p, holm = p.adjust(p, "holm"),
                 benjamini_hochberg = p.adjust(p, "BH"))

# --- bayes ----------------------------------------------------------------------
posterior <- function(b, se, df, m, s, smallest) {
  likely <- function(x) if (is.finite(df)) dt((b - x) / se, df) else dnorm((b - x) / se)
  density <- function(x) likely(x) * dnorm(x, m, s)
  ends <- c(min(b - 30 * se, m), max(b + 30 * se, m))
  cuts <- sort(unique(c(-Inf, ends[1], b - c(8, 4, 2, 0, -2, -4, -8) * se, m, m - 8 * s, m + 8 * s, 0, smallest, -smallest, ends[2], Inf)))
  area <- function(f, low, high) {
    at <- unique(c(low, cuts[cuts > low & cuts < high], high))
    sum(mapply(function(l, h) integrate(f, l, h, rel.tol = 1e-12, abs.tol = 1e-300,
                                        subdivisions = 2000)$value, head(at, -1), tail(at, -1)))
  }
  whole <- area(density, -Inf, Inf)
  quantile <- function(p) uniroot(function(q) area(density, -Inf, q) / whole - p,
                                  b + c(-1, 1) * 12 * se, tol = 1e-13)$root
  list(effect = b, standard_error = se, degrees_of_freedom = if (is.finite(df)) df else "infinite",
       prior_mean = m, prior_standard_deviation = s, smallest_effect = smallest,
       posterior_mean = area(function(x) x * density(x), -Inf, Inf) / whole,
       limits = c(quantile(.025), quantile(.975)),
       probability_above_zero = area(density, 0, Inf) / whole,
       probability_exceeds_smallest_effect = area(density, smallest, Inf) / whole,
       probability_too_small_to_matter = area(density, -smallest, smallest) / whole,
       probability_harm = area(density, -Inf, -smallest) / whole)
}
bayes <- list(posterior(1.8, .7, Inf, 0, 2, 1), posterior(1.8, .7, 5, 0, 2, 1),
              posterior(-.4, .3, 11, 0, .5, .2), posterior(2.5, .5, 3.2, 0, 1, .8))

values <- list(
  made_by = versions_of(c("metafor", "emmeans", "clubSandwich")),
  pooling = pooling, common_effects = common_effects, equivalence = equivalence, families = families, bayes = bayes)
write_values(values, "judgement")
