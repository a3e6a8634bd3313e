# Regression with cluster-robust errors, mixed models, intracluster correlation.
# Writes values: clustered
# Writes data: clustered_mortality clustered_unbalanced clustered_waves
# Made with: R 4.2.2, clubSandwich 0.5.8, lme4 1.1.31, lmerTest 3.1.3
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(clubSandwich); library(lmerTest)})

robust <- function(model, clusters, names) {
  described <- function(type) {
    covariance <- vcovCR(model, cluster = clusters, type = type)
    test <- coef_test(model, vcov = covariance, test = "Satterthwaite")
    place <- match(names, rownames(test))
    list(estimate = test$beta[place], se = test$SE[place], df = test$df_Satt[place],
         p = test$p_Satt[place],
         covariance = as.matrix(covariance)[names, names, drop = FALSE])
  }
  list(names = names, CR0 = described("CR0"), CR1 = described("CR1"),
       CR2 = described("CR2"))
}

# --- legal drinking age and deaths, the example of clubSandwich's vignette ------------
data(MortalityRates, package = "clubSandwich")
deaths <- subset(MortalityRates, cause == "Motor Vehicle" & year <= 1983 &
                   !is.na(beertaxa) & !is.na(legal), c(state, year, legal, beertaxa, mrate))
deaths$mrate <- signif(deaths$mrate, 15)
deaths <- write_data(deaths, "clustered_mortality")
explicit <- lm(mrate ~ 0 + legal + beertaxa + factor(state) + factor(year), deaths)

# --- simulated: unbalanced clusters, a cluster-level arm, a row-level covariate -------
set.seed(20261123)
sizes <- c(2, 3, 3, 5, 8, 13, 4, 6, 21, 9)
rows <- data.frame(cluster = rep(sprintf("t%02d", 1:10), sizes))
rows$arm <- as.integer(substr(rows$cluster, 2, 3) %in% c("01", "04", "06", "08"))
rows$site <- (match(rows$cluster, unique(rows$cluster)) - 1) %/% 4 + 1
rows$before <- round(rnorm(nrow(rows), 3, .8), 3)
rows$wave <- sample(0:1, nrow(rows), TRUE)
rows$after <- round(1 + .5 * rows$before + .4 * rows$arm +
  rnorm(10, 0, .4)[match(rows$cluster, unique(rows$cluster))] + rnorm(nrow(rows), 0, .7), 3)
rows$weight <- round(runif(nrow(rows), .3, 3), 3)
rows <- write_data(rows, "clustered_unbalanced")
plain <- lm(after ~ arm + before, rows)
weighted <- lm(after ~ arm + before, rows, weights = weight)
fixed <- lm(after ~ 0 + factor(cluster) + before + wave, rows)
weighted_fixed <- lm(after ~ 0 + factor(site) + before + arm, rows, weights = weight)

values <- list(
  mortality = robust(explicit, deaths$state, c("legal", "beertaxa")),
  plain = robust(plain, rows$cluster, c("(Intercept)", "arm", "before")),
  weighted = robust(weighted, rows$cluster, c("(Intercept)", "arm", "before")),
  fixed = robust(fixed, rows$cluster, c("before", "wave")),
  weighted_fixed = robust(weighted_fixed, rows$cluster, c("before", "arm")))
contrast <- linear_contrast(plain, vcov = vcovCR(plain, cluster = rows$cluster, type = "CR2"),
                            contrasts = matrix(c(1, 1, 3), 1))
values$contrast <- list(estimate = contrast$Est, se = contrast$SE, df = contrast$df,
                        low = contrast$CI_L, high = contrast$CI_U)

# --- mixed models: teams, people, three waves, answers missing -------------------------
set.seed(20261124)
people <- data.frame(participant = sprintf("p%03d", 1:150),
                     team = sample(sprintf("t%02d", 1:12), 150, TRUE, prob = 1:12))
people$site <- sprintf("s%d", (as.integer(substr(people$team, 2, 3)) - 1) %/% 2 + 1)
people$arm <- ifelse(as.integer(substr(people$team, 2, 3)) %% 2 == 0, "pack", "usual")
own <- rnorm(150, 0, .6); shared <- rnorm(12, 0, .3); around <- rnorm(6, 0, .2)
long <- do.call(rbind, lapply(0:2, function(w) transform(people, wave = paste0("w", w),
  score = round(3 + own + shared[as.integer(substr(team, 2, 3))] +
    around[as.integer(substr(site, 2, 2))] + .1 * w +
    .25 * w * (arm == "pack") + rnorm(150, 0, .5), 2))))
long <- long[!(long$wave != "w0" & runif(nrow(long)) < .3), ]
long <- write_data(long, "clustered_waves")
long$w1 <- as.numeric(long$wave == "w1"); long$w2 <- as.numeric(long$wave == "w2")
long$pack <- as.numeric(long$arm == "pack")
long$a1 <- long$pack * long$w1; long$a2 <- long$pack * long$w2
sharp <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))
mixed <- function(formula, data, wanted) {
  m <- suppressMessages(lmerTest::lmer(formula, data, control = sharp))
  found <- coef(summary(m, ddf = "Satterthwaite"))[wanted, ]
  mean_of <- as.numeric(rownames(coef(summary(m))) %in% wanted) / 2
  average <- contest1D(m, mean_of, confint = TRUE, ddf = "Satterthwaite")
  reach <- qt(.975, found[, "df"]) * found[, "Std. Error"]
  parts <- as.data.frame(VarCorr(m))
  list(estimate = unname(found[, "Estimate"]), se = unname(found[, "Std. Error"]),
       df = unname(found[, "df"]), p = unname(found[, "Pr(>|t|)"]),
       low = unname(found[, "Estimate"] - reach), high = unname(found[, "Estimate"] + reach),
       average = list(estimate = average$Estimate, df = average$df,
                      low = average$lower, high = average$upper),
       variances = as.list(setNames(parts$vcov, parts$grp)))
}
both <- c("a1", "a2")
first <- long[long$wave == "w0", c("participant", "score")]
names(first)[2] <- "before"
later <- merge(long[long$wave != "w0", ], first, by = "participant")
values$mixed <- list(
  constrained_baseline = mixed(score ~ w1 + w2 + a1 + a2 + (1 | team) + (1 | participant), long, both),
  difference_in_change = mixed(score ~ w1 + w2 + pack + a1 + a2 + (1 | team) + (1 | participant), long, both),
  ancova = mixed(score ~ w2 + before + a1 + a2 + (1 | team) + (1 | participant), later, both),
  with_sites = mixed(score ~ w1 + w2 + a1 + a2 + (1 | site) + (1 | team) + (1 | participant), long, both))

# --- intracluster correlation of the unbalanced rows, and of a yes or no ----------------
squares <- function(y, g) {
  table <- anova(lm(y ~ factor(g)))
  m <- as.numeric(table(g)); N <- sum(m); k <- length(m)
  n0 <- (N - sum(m^2) / N) / (k - 1)
  f <- table[1, "F value"]; r <- (f - 1) / (f + n0 - 1)
  limits <- f / qf(c(.975, .025), k - 1, N - k)
  # Smith (1957), as Donner & Koval (1980) and R's ICC package print it
  variance <- 2 * (1 - r)^2 / n0^2 * ((1 + r * (n0 - 1))^2 / (N - k) +
    ((k - 1) * (1 - r) * (1 + r * (2 * n0 - 1)) +
       r^2 * (sum(m^2) - 2 / N * sum(m^3) + sum(m^2)^2 / N^2)) / (k - 1)^2)
  list(icc = r, low = ((limits - 1) / (limits + n0 - 1))[1],
       high = ((limits - 1) / (limits + n0 - 1))[2], smith_se = sqrt(variance),
       size = sum(m^2) / N, n0 = n0)
}
values$intracluster <- list(score = squares(long$score[long$wave == "w0"], long$team[long$wave == "w0"]),
                            yes = squares(as.numeric(long$score > 3.4)[long$wave == "w0"], long$team[long$wave == "w0"]))
m <- lmerTest::lmer(score ~ 1 + (1 | team), long[long$wave == "w0", ], control = sharp)
parts <- as.data.frame(VarCorr(m))$vcov
values$intracluster$score$reml <- parts[1] / sum(parts)

write_values(values, "clustered")
