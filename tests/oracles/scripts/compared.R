# Fixed effects of teams and people, doses, staggered starts, placebo.
# Writes values: compared
# Writes data: compared_waves compared_doses compared_rollout
# Made with: R 4.2.2, clubSandwich 0.5.8, Hmisc 4.8.0
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(clubSandwich))

tested <- function(model, clusters, names) {
  covariance <- vcovCR(model, cluster = clusters, type = "CR2")
  test <- coef_test(model, vcov = covariance, test = "Satterthwaite")
  place <- match(names, rownames(test))
  list(estimate = test$beta[place], se = test$SE[place], df = test$df_Satt[place],
       p = test$p_Satt[place])
}
joint <- function(model, clusters, names) {
  wald <- Wald_test(model, constraints = constrain_zero(match(names, names(coef(model)))),
                    vcov = vcovCR(model, cluster = clusters, type = "CR2"), test = "HTZ")
  list(f = wald$Fstat, df_num = wald$df_num, df_denom = wald$df_denom, p = wald$p_val)
}

# --- people of nine teams over five waves, answers missing, some teams small ----------
set.seed(20261124)
sizes <- c(3, 4, 9, 5, 6, 3, 12, 5, 4)
people <- data.frame(participant = seq_len(sum(sizes)),
                     cluster = rep(sprintf("t%d", 1:9), sizes))
people$arm <- ifelse(people$cluster %in% c("t1", "t3", "t4", "t8"), "pack", "usual")
people$level <- rnorm(nrow(people), 3, .5) + rnorm(9, 0, .3)[match(people$cluster, unique(people$cluster))]
rows <- merge(people, data.frame(wave = paste0("w", 1:5), time = 1:5))
rows <- rows[order(rows$participant, rows$time), ]
rows$sessions <- ifelse(rows$arm == "pack" & rows$time > 3, rpois(nrow(rows), 2), 0)
rows$score <- round(rows$level + .1 * rows$time + .3 * (rows$arm == "pack" & rows$time > 3) +
                      rnorm(nrow(rows), 0, .5), 3)
rows$score[sample(nrow(rows), 30)] <- NA
rows <- write_data(rows[, c("participant", "cluster", "arm", "wave", "sessions", "score")],
                  "compared_waves")
complete <- subset(rows, !is.na(score))
pack <- complete$arm == "pack"
complete$after <- as.integer(pack & complete$wave %in% c("w4", "w5"))
for (w in c("w1", "w2", "w4", "w5")) complete[[w]] <- as.integer(pack & complete$wave == w)
teams <- lm(score ~ 0 + cluster + wave + after, complete)
teams_event <- lm(score ~ 0 + cluster + wave + w1 + w2 + w4 + w5, complete)
persons <- lm(score ~ 0 + factor(participant) + wave + after, complete)
persons_event <- lm(score ~ 0 + factor(participant) + wave + w1 + w2 + w4 + w5, complete)
persons_dose <- lm(score ~ 0 + factor(participant) + wave + sessions, complete)
events <- c("w1", "w2", "w4", "w5")
twice <- complete$participant %in% names(which(table(complete$participant) > 1))
stopifnot(all(twice))

# --- people of eight teams who attended 0 to 9 sessions, two kinds of session ---------
set.seed(20261125)
doses <- data.frame(cluster = rep(sprintf("t%d", 1:8), c(9, 14, 6, 11, 20, 8, 12, 10)))
doses$before <- round(rnorm(nrow(doses), 3, .7), 3)
doses$sessions <- pmin(rpois(nrow(doses), exp(.3 + .3 * doses$before)), 9)
doses$lived <- rbinom(nrow(doses), doses$sessions, .4)
doses$film <- rbinom(nrow(doses), doses$sessions, .6)
doses$after <- round(1 + .6 * doses$before + .4 * sqrt(doses$sessions) + .1 * doses$lived +
                       rnorm(nrow(doses), 0, .6), 3)
doses <- write_data(doses, "compared_doses")
knots <- quantile(doses$sessions, c(.1, .5, .9))
doses$bend <- Hmisc::rcspline.eval(doses$sessions, knots = knots)[, 1]
line <- lm(after ~ before + sessions, doses)
curve <- lm(after ~ before + sessions + bend, doses)
at <- function(value) {
  bent <- Hmisc::rcspline.eval(c(value, 0, 1, 2, 3, 4, 5), knots = knots)[1:2, 1]
  found <- linear_contrast(curve, vcov = vcovCR(curve, cluster = doses$cluster, type = "CR2"),
                           contrasts = matrix(c(0, 0, value, bent[1] - bent[2]), 1))
  list(estimate = found$Est, low = found$CI_L, high = found$CI_U)
}
attended <- subset(doses, sessions > 0)
singly <- function(name) {
  model <- lm(reformulate(c("before", "sessions", name), "after"), attended)
  tested(model, attended$cluster, name)
}
together <- lm(after ~ before + sessions + lived + film, attended)
future <- lm(before ~ sessions, doses)

# --- eight teams that start one after the other, two never, six waves ------------------
set.seed(20261126)
roll <- expand.grid(cluster = sprintf("t%d", 1:10), wave = 1:6)
starts <- c(t1 = 3, t2 = 4, t3 = 3, t4 = 5, t5 = 4, t6 = 3, t7 = NA, t8 = 5, t9 = NA, t10 = NA)
roll$start <- starts[as.character(roll$cluster)]
since <- ifelse(is.na(roll$start), -1, roll$wave - roll$start)
roll$score <- round(rnorm(10, 3, .5)[roll$cluster] + .05 * roll$wave +
                      ifelse(since >= 0, .3 + .1 * since, 0) + rnorm(nrow(roll), 0, .2), 3)
roll <- write_data(roll, "compared_rollout")
grid <- matrix(roll$score, 10)
start <- starts
never <- is.na(start)
cell <- function(g, t) {       # a group's change less that of those not yet treated by then
  later <- never | start > max(t, g - 1)
  change <- grid[, t] - grid[, g - 1]
  list(group = g, wave = t,
       not_yet = mean(change[!never & start == g]) - mean(change[later & (never | start != g)]),
       never = mean(change[!never & start == g]) - mean(change[never]))
}
cells <- list()
for (g in 3:5) for (t in setdiff(1:6, g - 1)) cells[[length(cells) + 1]] <- cell(g, t)
# one group against the never treated: Welch's test of the changes, two waves
pair <- t.test((grid[, 3] - grid[, 2])[!never & start == 3], (grid[, 3] - grid[, 2])[never])

# --- placebo: every three of the ten teams, change from wave 1 to 6 given wave 1 -------
change <- grid[, 6] - grid[, 1]
sets <- combn(10, 3)
extreme <- apply(sets, 2, function(set) {
  mark <- as.integer(1:10 %in% set)
  abs(coef(lm(change ~ mark + grid[, 1]))["mark"]) * sqrt(deviance(lm(mark ~ grid[, 1])))
})
real <- which(apply(sets, 2, function(set) all(set == c(2, 4, 9))))
placebo <- list(estimate = unname(coef(lm(change ~ I(1:10 %in% c(2, 4, 9)) + grid[, 1]))[2]),
                p = mean(extreme >= extreme[real] - 1e-12))

values <- list(
  unlinked = list(overall = tested(teams, complete$cluster, "after"),
                  events = tested(teams_event, complete$cluster, events),
                  pre_trend = joint(teams_event, complete$cluster, c("w1", "w2"))),
  linked = list(overall = tested(persons, complete$cluster, "after"),
                events = tested(persons_event, complete$cluster, events),
                pre_trend = joint(persons_event, complete$cluster, c("w1", "w2"))),
  within_person_dose = tested(persons_dose, complete$cluster, "sessions"),
  dose = list(line = tested(line, doses$cluster, "sessions"),
              curve = tested(curve, doses$cluster, "bend"),
              three = at(3), seven = at(7)),
  ingredients = list(lived = singly("lived"), film = singly("film"),
                     together = tested(together, attended$cluster, c("lived", "film"))),
  future = tested(future, doses$cluster, "sessions"),
  staggered = list(cells = cells, pair = list(estimate = -diff(unname(pair$estimate)),
    low = pair$conf.int[1], high = pair$conf.int[2], p = pair$p.value)),
  placebo = placebo)

write_values(values, "compared")
