# Kenward and Roger's errors and degrees of freedom of linear mixed models.
# Writes values: kenward_roger
# Made with: R 4.2.2, lme4 1.1.31, pbkrtest 0.5.2
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({ library(lme4); library(pbkrtest) })

exactly <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))
corrected <- function(formula, rows) {
  fit <- suppressMessages(lmer(formula, rows, control = exactly))
  n <- length(fixef(fit))
  list(names = as.list(names(fixef(fit))), coefficients = as.list(unname(fixef(fit))),
       covariance = unname(as.matrix(vcovAdj(fit))),
       degrees = lapply(seq_len(n), function(i) get_Lb_ddf(fit, as.numeric(seq_len(n) == i))))
}
sleep <- read_data("mixed_sleepstudy")
pastes <- read_data("mixed_pastes")
pastes$cask <- paste(pastes$cask, pastes$batch)
few <- read_data("missing_people")
few <- few[complete.cases(few[c("before", "after")]), ]
few$pack <- as.integer(few$arm == "pack")

# three waves, people in teams, the arms' effect at either follow-up
long <- read_data("clustered_waves")
long <- long[!is.na(long$score), ]
for (wave in c("w1", "w2")) {
  long[[wave]] <- as.numeric(long$wave == wave)
  long[[paste0("effect_", wave)]] <- long[[wave]] * (long$arm == "pack")
}
long$team_wave <- paste(long$team, long$wave)

values <- list(
  sleepstudy = corrected(Reaction ~ Days + (Days | Subject), sleep),
  pastes = corrected(strength ~ 1 + (1 | batch) + (1 | cask), pastes),
  teams = corrected(after ~ pack + before + (1 | cluster), few),
  waves = corrected(score ~ w1 + w2 + effect_w1 + effect_w2 + (1 | team) + (1 | team_wave) +
                      (1 | participant), long),
  versions = versions_of(c("lme4", "pbkrtest")))
write_values(values, "kenward_roger")
