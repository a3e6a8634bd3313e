# Rubin's rules, attrition, weights for it, imputation.
# Writes values: missing
# Writes data: missing_people
# Made with: R 4.2.2, mice 3.15.0, clubSandwich 0.5.8, lme4 1.1.31, sandwich 3.0.2
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({
  library(mice); library(clubSandwich); library(sandwich)
})

# --- simulated: 12 teams in two arms, leaving depends on the score before --------------
set.seed(20261123)
sizes <- c(18, 25, 22, 30, 16, 28, 20, 24, 26, 19, 23, 29)
rows <- data.frame(cluster = rep(sprintf("t%02d", 1:12), sizes))
team <- as.integer(substr(rows$cluster, 2, 3))
n <- nrow(rows)
rows$arm <- ifelse(team %% 2 == 1, "pack", "usual")
rows$grade <- sample(c("junior", "senior"), n, TRUE)
shift <- rnorm(12, 0, .5)[team]
rows$before <- round(3 + shift + rnorm(n), 3)
rows$middle <- round(1 + .5 * rows$before + .3 * (rows$arm == "pack") + shift + rnorm(n, 0, .8), 3)
rows$after <- round(.5 + .3 * rows$before + .4 * rows$middle + .5 * (rows$arm == "pack") +
                      shift / 2 + rnorm(n, 0, .8), 3)
rows$middle[runif(n) < plogis(-2 + .4 * (rows$before - 3))] <- NA
rows$after[runif(n) < plogis(-1 + .8 * (rows$before - 3) + .5 * (rows$grade == "junior"))] <- NA
rows <- write_data(rows, "missing_people")

# --- Rubin's rules on given numbers ----------------------------------------------------
# (mice takes the share due to what is missing as at least 1e-4: keep above)
given <- list(
  five = list(q = c(.41, .35, .52, .47, .39), u = c(.012, .011, .014, .012, .013), df = 9.3),
  two = list(q = c(1.2, 1.9), u = c(.5, .4), df = 40),
  hardly = list(q = c(2.01, 2.03, 2.015), u = c(.09, .09, .09), df = 7),
  many = list(q = sin(1:20), u = .3 + cos(1:20)^2, df = 198))
pooled <- lapply(given, function(one) {
  # k = 1 and n = df + 1 make the complete-data degrees of freedom df
  got <- pool.scalar(one$q, one$u, n = one$df + 1, k = 1)
  c(one, list(estimate = got$qbar, within = got$ubar, between = got$b, total = got$t,
              degrees = got$df, increase = got$r, fraction = got$fmi))
})

# --- attrition ---------------------------------------------------------------------------
rows$left <- as.integer(is.na(rows$after))
model <- glm(left ~ arm + before + grade, binomial, rows,
             control = glm.control(epsilon = 1e-14, maxit = 100))
crossed <- glm(left ~ arm * (before + grade), binomial, rows,
               control = glm.control(epsilon = 1e-14, maxit = 100))
clustered <- vcovCL(model, rows$cluster, type = "HC1", cadjust = TRUE)
leaving <- list(
  names = names(coef(model)), coefficients = unname(coef(model)),
  errors = unname(sqrt(diag(vcov(model)))), clustered_errors = unname(sqrt(diag(clustered))),
  by_arm = anova(model, crossed, test = "LRT")[2, "Pr(>Chi)"])

# --- weights, and the weighted difference ------------------------------------------------
stay <- 1 - fitted(model)
share <- ave(1 - rows$left, rows$arm)
weight <- (share / stay)[rows$left == 0]
trimmed <- pmin(weight, quantile(weight, .95))
stayed <- rows[rows$left == 0, ]
stayed$arm <- relevel(factor(stayed$arm), "usual")
robust <- function(fit) {
  test <- coef_test(fit, vcov = vcovCR(fit, cluster = stayed$cluster, type = "CR2"),
                    test = "Satterthwaite")
  place <- "armpack"
  at <- match(place, rownames(test))
  list(estimate = test$beta[at], se = test$SE[at], df = test$df_Satt[at])
}
weighting <- list(
  whole = unname(weight), trimmed = unname(trimmed), n_trimmed = sum(weight > quantile(weight, .95)),
  effective = sum(trimmed)^2 / sum(trimmed^2),
  balance_before = (mean(stayed$before) - mean(rows$before)) / sd(rows$before),
  balance_before_weighted = (weighted.mean(stayed$before, trimmed) - mean(rows$before)) / sd(rows$before),
  complete = robust(lm(after ~ arm + before, stayed)),
  weighted = robust(lm(after ~ arm + before, stayed, weights = trimmed)))

# --- imputation by mice: same model without teams, many sets for little Monte Carlo error --
rows$pack <- as.integer(rows$arm == "pack")
rows$senior <- as.integer(rows$grade == "senior")
asked <- rows[c("before", "middle", "after", "pack", "senior")]
M <- 200
imputed <- function(method) {
  made <- mice(asked, m = M, maxit = 10, method = method, seed = 7, printFlag = FALSE)
  got <- pool(with(made, lm(after ~ pack + before)))$pooled
  at <- match("pack", got$term)
  list(estimate = got$estimate[at], se = sqrt(got$t[at]), between = got$b[at], m = M,
       fraction = got$fmi[at], degrees = got$df[at])
}

# --- teams: where only the last score is missing, the mean of endlessly many completed sets
# is the effect of best linear unbiased predictions put into the gaps
seen <- rows[!is.na(rows$middle), ]
mixed <- lme4::lmer(after ~ before + middle + pack + senior + (1 | cluster), seen)
seen$filled <- ifelse(is.na(seen$after), predict(mixed, seen), seen$after)
by_team <- coef(lm(filled ~ pack + before, seen))[["pack"]]

values <- list(
  pooled = pooled, leaving = leaving, weighting = weighting,
  imputed_pmm = imputed("pmm"), imputed_norm = imputed("norm"),
  imputed_by_team = list(estimate = by_team),
  newcombe = list(first = c(56, 70), second = c(48, 80), low = .0524, high = .3339),
  versions = versions_of(c("mice", "clubSandwich", "lme4", "sandwich")))
write_values(values, "missing")
