# Two-valued outcomes over teams: GEE with Mancl and DeRouen's errors, a random intercept.
# Writes values: two_values
# Made with: R 4.2.2, gee 4.13.25, geepack 1.3.9, lme4 1.1.31
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({ library(gee); library(geepack); library(lme4) })

rows <- read_data("missing_people")
rows <- rows[complete.cases(rows[c("after", "before")]), ]
rows$high <- as.integer(rows$after > 3.5)
rows$pack <- as.integer(rows$arm == "pack")
rows$senior <- as.integer(rows$grade == "senior")
rows$team <- as.integer(factor(rows$cluster))
rows <- rows[order(rows$team), ]
formula <- high ~ pack + before + senior
X <- model.matrix(formula, rows)
y <- rows$high

# Mancl and DeRouen (2001): residuals of a team divided by I - H before they are summed.
mancl_derouen <- function(beta, alpha) {
  mu <- plogis(drop(X %*% beta))
  D <- X * (mu * (1 - mu))
  inverse <- function(at) {
    root <- sqrt((mu * (1 - mu))[at])
    R <- matrix(alpha, length(at), length(at))
    diag(R) <- 1
    solve(R * outer(root, root))
  }
  teams <- split(seq_along(y), rows$team)
  bread <- solve(Reduce(`+`, lapply(teams, function(at)
    crossprod(D[at, , drop = FALSE], inverse(at) %*% D[at, , drop = FALSE]))))
  parts <- lapply(teams, function(at) {
    V <- inverse(at)
    H <- D[at, , drop = FALSE] %*% bread %*% crossprod(D[at, , drop = FALSE], V)
    score <- crossprod(D[at, , drop = FALSE], V) %*% solve(diag(length(at)) - H, (y - mu)[at])
    tcrossprod(score)
  })
  bread %*% Reduce(`+`, parts) %*% bread
}

# Everybody as treated, everybody as not: shares, and their difference by the delta method.
standardised <- function(beta, covariance) {
  shares <- lapply(1:0, function(arm) {
    Z <- X
    Z[, "pack"] <- arm
    mu <- plogis(drop(Z %*% beta))
    list(share = mean(mu), slope = colMeans(Z * (mu * (1 - mu))))
  })
  slope <- shares[[1]]$slope - shares[[2]]$slope
  list(treated = shares[[1]]$share, control = shares[[2]]$share,
       difference = shares[[1]]$share - shares[[2]]$share,
       se = sqrt(drop(slope %*% covariance %*% slope)))
}

fits <- lapply(c(independence = "independence", exchangeable = "exchangeable"), function(how) {
  fit <- quietly(gee(formula, rows$team, rows, family = binomial, corstr = how, tol = 1e-12,
                     maxiter = 200, scale.fix = FALSE))
  alpha <- if (how == "independence") 0 else fit$working.correlation[1, 2]
  robust <- mancl_derouen(coef(fit), alpha)
  c(list(coefficients = unname(coef(fit)), alpha = alpha,
         plain_robust = unname(sqrt(diag(fit$robust.variance))),
         corrected = unname(sqrt(diag(robust)))), standardised(coef(fit), robust))
})
pack <- geeglm(formula, family = binomial, data = rows, id = rows$team, corstr = "independence",
               control = geese.control(epsilon = 1e-12, maxit = 200))

# --- random intercept, 25 places of adaptive integration --------------------------------
mixed <- glmer(high ~ pack + before + senior + (1 | team), rows, binomial, nAGQ = 25,
               control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12,
                                      optCtrl = list(rhoend = 1e-9, maxfun = 1e5)))
sd <- unname(getME(mixed, "theta"))
share_of <- function(arm) {
  Z <- X
  Z[, "pack"] <- arm
  mean(vapply(drop(Z %*% fixef(mixed)), function(at)
    integrate(function(u) plogis(at + sd * u) * dnorm(u), -9, 9, rel.tol = 1e-11)$value, 0))
}
values <- list(
  n = length(y), teams = max(rows$team), gee = fits,
  geepack = list(coefficients = unname(coef(pack)),
                 plain_robust = unname(summary(pack)$coefficients[, "Std.err"])),
  mixed = list(coefficients = unname(fixef(mixed)), sd = sd,
               se = unname(sqrt(diag(as.matrix(vcov(mixed))))),
               log_likelihood = as.numeric(logLik(mixed)),
               treated = share_of(1), control = share_of(0)),
  versions = versions_of(c("gee", "geepack", "lme4")))
write_values(values, "two_values")
