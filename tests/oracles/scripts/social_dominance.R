# Invariance of five yearly waves of four items (MPsychoR's SDOwave), wave by wave against
# the first, as groups; nobody left anything out: R 4.2.2, lavaan 0.6.14.
# Rscript tests/oracles/scripts/social_dominance.R sdowave.csv > tests/oracles/values/social_dominance.json
suppressMessages(library(lavaan))
rows <- read.csv(commandArgs(trailingOnly = TRUE)[1])
items <- paste0("i", 1:4)
wave <- function(year) {
  part <- setNames(rows[paste0("I", 1:4, ".", year)], items)
  cbind(part, year = year)
}
levels <- list(
  configural = "", metric = "loadings", scalar = c("loadings", "intercepts"),
  strict = c("loadings", "intercepts", "residuals")
)
kept <- c("cfi.robust", "rmsea.robust", "srmr")
fits <- function(year) {
  both <- rbind(wave(1996), wave(year))
  sapply(levels, function(equal) {
    fit <- cfa(paste("f =~", paste(items, collapse = " + ")), both,
      group = "year", std.lv = TRUE, estimator = "MLR", missing = "listwise",
      group.equal = equal
    )
    fitMeasures(fit, kept)
  })
}
text <- function(numbers) {
  pairs <- sprintf('"%s": %.17g', names(numbers), numbers)
  paste0("{", paste(pairs, collapse = ", "), "}")
}
years <- sapply(1997:2000, function(year) {
  found <- fits(year)
  parts <- sapply(kept, function(k) sprintf('"%s": %s', k, text(found[k, ])))
  sprintf('  "%d": {%s}', year, paste(parts, collapse = ", "))
})
cat("{\n", paste(years, collapse = ",\n"), "\n}\n", sep = "")
