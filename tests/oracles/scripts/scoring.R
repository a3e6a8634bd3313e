# Scale scores with reversed items: means of what was answered.
# Writes values: score_bfi_AC
# Made with: R 4.2.2, psych 2.2.9
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(psych))

x <- read_data("bfi_AC_raw")
keys <- list(agree = c("-A1", "A2", "A3", "A4", "A5"), consc = c("C1", "C2", "C3", "-C4", "-C5"))
scores <- quietly(psych::scoreItems(keys, x, missing = TRUE, impute = "none", min = 1,
                                    max = 6))$scores
record("score_bfi_AC", "scale scores with reverse keys",
       list(keys = keys, score_mean = as.list(colMeans(scores, na.rm = TRUE)),
            score_sd = as.list(apply(scores, 2, sd, na.rm = TRUE)),
            scores_first30_impute_none = with_names(scores[1:30, ])),
       "psych::scoreItems(keys, x, missing=TRUE, impute='none', min, max)", "psych",
       "bfi_AC_raw", names(x), nrow(x),
       "scores are means of the answered items after reversing ('-item')")
