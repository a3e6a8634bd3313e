# Tau-equivalence: one loading for all items against one each; Kendall's W by Friedman.
# Writes values: equal_loadings rank_agreement
# Made with: R 4.2.2, lavaan 0.6.14
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(lavaan))

agree <- na.omit(read_data("bfi_agreeableness_1000"))
free <- "f =~ A1 + A2 + A3 + A4 + A5"
equal <- "f =~ l*A1 + l*A2 + l*A3 + l*A4 + l*A5"
compared <- function(...) {
  found <- lavTestLRT(cfa(free, agree, std.lv = TRUE, ...),
                      cfa(equal, agree, std.lv = TRUE, ...))
  as.list(unname(unlist(found[2, c("Chisq diff", "Df diff", "Pr(>Chisq)")])))
}
record("equal_loadings", "test of equal loadings: chi-square difference, df, p",
       list(ml = compared(), mlr = compared(estimator = "MLR")),
       c(free, equal, "lavTestLRT(cfa(..., std.lv = TRUE), ...)"), "lavaan",
       "bfi_agreeableness_1000", names(agree), nrow(agree))

wine <- na.omit(read_data("wine_judges"))
ratings <- wine[vapply(wine, is.numeric, TRUE)]
friedman <- friedman.test(t(as.matrix(ratings)))
record("rank_agreement", "Kendall's W: Friedman's chi-square over raters (targets - 1)",
       list(chi_square = unname(friedman$statistic), p = friedman$p.value,
            w = unname(friedman$statistic) / (ncol(ratings) * (nrow(ratings) - 1))),
       "friedman.test(t(ratings))", "stats", "wine_judges", names(ratings), nrow(ratings))
