# Gaps between groups, shrunken means, indices of inequality, effects by group.
# Writes values: inequality
# Writes data: inequality
# Made with: R 4.2.2, clubSandwich 0.5.8, metafor 3.8.1, lme4 1.1.31, sandwich 3.0.2
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({
  library(clubSandwich); library(metafor); library(lme4); library(sandwich)})

set.seed(20261124)
sizes <- c(6, 9, 14, 8, 11, 20, 7, 12, 16, 10, 13, 18)
rows <- data.frame(team = rep(sprintf("t%02d", 1:12), sizes))
n <- nrow(rows)
own <- rnorm(12, 0, .4)[as.integer(substr(rows$team, 2, 3))]
rows$arm <- ifelse(as.integer(substr(rows$team, 2, 3)) %% 2 == 0, "pilot", "comparison")
rows$group <- sample(c("a", "b", "c", "d"), n, TRUE, c(.55, .25, .14, .06))
rows$quintile <- sample(1:5, n, TRUE, c(.1, .15, .2, .25, .3))
rows$sex <- sample(c("f", "m"), n, TRUE)
rows$age <- sample(c("1", "2", "3"), n, TRUE)
level <- c(a = 0, b = -.3, c = .4, d = -.6)[rows$group]
rows$before <- round(5 + own + level + rnorm(n), 3)
rows$after <- round(6 + own + level + .5 * (rows$before - 5) + .15 * rows$quintile +
  .4 * (rows$arm == "pilot") * (rows$group == "a") +
  .5 * (rows$sex == "f") - .3 * (rows$age == "3") + .4 * (rows$sex == "f") * (rows$age == "2") +
  rnorm(n, 0, .9), 3)
rows <- write_data(rows, "inequality", colClasses = c(age = "character"))

# --- gaps -----------------------------------------------------------------------------
welch <- lapply(c("b", "c", "d"), function(g) {
  test <- t.test(rows$after[rows$group == g], rows$after[rows$group == "a"])
  list(estimate = unname(test$estimate[1] - test$estimate[2]), low = test$conf.int[1],
       high = test$conf.int[2], df = unname(test$parameter))
})
names(welch) <- c("b", "c", "d")
means <- lm(after ~ 0 + group, rows)
robust <- vcovCR(means, cluster = rows$team, type = "CR2")
pairs <- list(b = c(-1, 1, 0, 0), c = c(-1, 0, 1, 0), d = c(-1, 0, 0, 1))
gaps <- lapply(pairs, function(w) {
  one <- linear_contrast(means, vcov = robust, contrasts = matrix(w, 1),
                         test = "Satterthwaite")
  list(estimate = one$Est, se = one$SE, df = one$df, low = one$CI_L, high = one$CI_U)
})
# The ratio's interval by the delta method on the logarithm.
ratios <- lapply(pairs, function(w) {
  m <- coef(means); g <- w / m
  one <- linear_contrast(means, vcov = robust, contrasts = matrix(g, 1),
                         test = "Satterthwaite")
  list(estimate = unname(m[w == 1] / m[w == -1]),
       low = unname(m[w == 1] / m[w == -1]) * exp(-one$SE * qt(.975, one$df)),
       high = unname(m[w == 1] / m[w == -1]) * exp(one$SE * qt(.975, one$df)))
})

# --- shrinkage ------------------------------------------------------------------------
shrunk <- function(yi, V, by) {
  fit <- rma.mv(yi, V, random = ~ 1 | by, method = "REML", test = "t",
                control = list(rel.tol = 1e-10))
  list(tau2 = fit$sigma2, mu = unname(fit$beta[1]), mu_low = fit$ci.lb, mu_high = fit$ci.ub)
}
counts <- table(rows$group); yi <- tapply(rows$after, rows$group, mean)
vi <- sigma(means)^2 / as.numeric(counts)
uni <- rma(as.numeric(yi), vi, method = "REML", test = "t",
           control = list(threshold = 1e-14, maxiter = 10000))
predicted <- blup(uni)
profile <- confint(uni, type = "QP", control = list(tol = 1e-12))$random
simple <- list(tau2 = uni$tau2, tau2_low = profile[1, 2], tau2_high = profile[1, 3],
  mu = unname(uni$beta[1]), mu_low = uni$ci.lb, mu_high = uni$ci.ub,
  blup = predicted$pred, low = predicted$pi.lb, high = predicted$pi.ub)
full <- shrunk(as.numeric(yi), as.matrix(robust), names(yi))

# --- indices --------------------------------------------------------------------------
shares <- prop.table(table(rows$quintile))
middle <- cumsum(shares) - shares / 2
rows$place <- as.numeric(middle[as.character(rows$quintile)])
line <- lm(after ~ place, rows)
log_line <- suppressWarnings(glm(after ~ place, rows, family = quasipoisson,
  control = glm.control(epsilon = 1e-15, maxit = 100)))
t_limits <- function(value, error, df) list(estimate = value, se = error, df = df,
  low = value - qt(.975, df) * error, high = value + qt(.975, df) * error)
cr2 <- function(model, ...) {
  test <- coef_test(model, vcov = vcovCR(model, rows$team, type = "CR2", ...),
                    test = "Satterthwaite")
  t_limits(test$beta[2], test$SE[2], test$df_Satt[2])
}
hc3 <- function(model) t_limits(unname(coef(model)[2]),
  sqrt(vcovHC(model, type = "HC3")[2, 2]), n - 2)
# The last step of the Poisson fit as weighted least squares: clubSandwich then takes rows
# as independent with equal variance, as everywhere here; the uncorrected error is the same.
rows$expected <- fitted(log_line)
rows$working <- log(rows$expected) + (rows$after - rows$expected) / rows$expected
last_step <- lm(working ~ place, rows, weights = expected)
stopifnot(all.equal(as.matrix(vcovCR(last_step, rows$team, type = "CR0")),
  as.matrix(vcovCR(log_line, rows$team, type = "CR0")), tolerance = 1e-8))
indices <- list(
  slope = hc3(line), slope_clustered = cr2(line), relative = hc3(log_line),
  relative_clustered = cr2(last_step))

# --- effects by group -----------------------------------------------------------------
rows$treated <- as.numeric(rows$arm == "pilot")
rows$centred <- rows$before - mean(rows$before)
by_group <- lm(after ~ 0 + group + group:treated + centred, rows)
names_of <- grep(":treated", names(coef(by_group)))
of <- function(weights, robust) {
  one <- linear_contrast(by_group, vcov = robust, contrasts = matrix(weights, 1),
                         test = "Satterthwaite")
  t_limits(one$Est, one$SE, one$df)
}
unit <- function(place, minus = NULL) {
  w <- rep(0, length(coef(by_group))); w[place] <- 1; w[minus] <- -1; w
}
robust_by <- vcovCR(by_group, cluster = rows$team, type = "CR2")
heavy <- vcovHC(by_group, type = "HC3")
plain <- function(w) t_limits(sum(w * coef(by_group)),
  sqrt(drop(t(w) %*% heavy %*% w)), df.residual(by_group))
effects <- list(
  effect = lapply(names_of, function(p) of(unit(p), robust_by)),
  difference = lapply(names_of[-1], function(p) of(unit(p, names_of[1]), robust_by)),
  effect_plain = lapply(names_of, function(p) plain(unit(p))),
  difference_plain = lapply(names_of[-1], function(p) plain(unit(p, names_of[1]))))
effects$p <- min(1, 3 * min(sapply(effects$difference, function(one)
  2 * pt(-abs(one$estimate / one$se), one$df))))

# --- combinations of traits -----------------------------------------------------------
rows$stratum <- paste(rows$sex, rows$age)
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12))
null <- lmer(after ~ 1 + (1 | stratum), rows, control = tight)
adjusted <- lmer(after ~ sex + age + (1 | stratum), rows, control = tight)
between <- function(fit) as.data.frame(VarCorr(fit))$vcov
traits <- list(share = between(null)[1] / sum(between(null)),
               additive = 1 - between(adjusted)[1] / between(null)[1])

write_values(list(welch = welch, gaps = gaps, ratios = ratios, simple = simple, full = full,
                  indices = indices, effects = effects, traits = traits), "inequality")
