# Mokken's scalability coefficients, of one level and of two.
# Writes values: mokken_bfi_agree1000 mokken_attitude_rounded mokken_twolevel_bhr2000
# Made with: R 4.2.2, mokken 3.1.2
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(mokken))

scalability <- function(name, data) {
  x <- as.matrix(na.omit(read_data(data)))
  found <- mokken::coefH(x, se = TRUE, nice.output = FALSE, results = FALSE)
  by_item <- function(column) as.list(setNames(as.numeric(column), colnames(x)))
  record(paste0("mokken_", name), "Mokken scalability coefficients",
         list(H = as.numeric(found$H), Hi = by_item(found$Hi), Hij = with_names(found$Hij),
              se_H = as.numeric(found$se.H), se_Hi = by_item(found$se.Hi)),
         "mokken::coefH(as.matrix(na.omit(x)), se=TRUE, nice.output=FALSE)", "mokken", data,
         colnames(x), nrow(x), "complete cases")
}
scalability("bfi_agree1000", "bfi_A_complete1000")
scalability("attitude_rounded", "attitude_cut4")

# --- raters within targets ----------------------------------------------------------------
rows <- read_data("bhr2000_groups")
x <- rows[names(rows) != "GRP"]
rated <- data.frame(g = as.integer(factor(rows$GRP)), x - min(x))
found <- mokken::MLcoefH(rated[order(rated$g), ], se = FALSE, nice.output = FALSE)
record("mokken_twolevel_bhr2000",
       "two-level (multi-rater) scalability coefficients, raters nested in targets",
       list(Hij = with_names(as.matrix(found$Hij)), Hi = as.list(as.data.frame(found$Hi)),
            H = as.list(as.data.frame(found$H))),
       "mokken::MLcoefH(data.frame(g, x), se=FALSE, nice.output=FALSE)", "mokken",
       "bhr2000_groups", names(x), nrow(x),
       "first column = target GRP; HW within raters, HB between raters, ratio BW")
