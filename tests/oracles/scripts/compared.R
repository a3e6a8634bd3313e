# Oracle values for analysis/outcomes/compared. Run from the repository's root:
#   Rscript tests/oracles/scripts/compared.R
# Writes tests/oracles/data/compared_*.csv and tests/oracles/values/compared.json.
suppressPackageStartupMessages({library(clubSandwich); library(jsonlite); library(nlme)})

folder <- "tests/oracles"
keep <- function(data, name) {
  file <- file.path(folder, "data", paste0("compared_", name, ".csv"))
  write.csv(data, file, row.names = FALSE, na = "", quote = FALSE)
  read.csv(file)
}
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
rows <- keep(rows[, c("participant", "cluster", "arm", "wave", "sessions", "score")], "waves")
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

values <- list(
  unlinked = list(overall = tested(teams, complete$cluster, "after"),
                  events = tested(teams_event, complete$cluster, events),
                  pre_trend = joint(teams_event, complete$cluster, c("w1", "w2"))),
  linked = list(overall = tested(persons, complete$cluster, "after"),
                events = tested(persons_event, complete$cluster, events),
                pre_trend = joint(persons_event, complete$cluster, c("w1", "w2"))),
  within_person_dose = tested(persons_dose, complete$cluster, "sessions"))

write_json(values, file.path(folder, "values", "compared.json"), auto_unbox = TRUE,
           digits = I(17), pretty = TRUE)
