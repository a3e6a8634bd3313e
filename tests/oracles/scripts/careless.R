# Careless answering: runs, spread, odd and even halves, pairs of like items, distance.
# Writes values: careless_bfi25 careless_bfi25_missing
# Made with: R 4.2.2, careless 1.2.2
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(careless))

careless <- function(name, data, note) {
  x <- read_data(data)
  scales <- rep(5, 5)   # items of each scale, in the order of the columns
  bare <- function(expression) as.numeric(suppressWarnings(expression))
  values <- list(
    longstring = bare(longstring(x)), avgstr = bare(longstring(x, avg = TRUE)$avgstr),
    irv = bare(irv(x, na.rm = TRUE)), mahad_D2 = bare(mahad(x, plot = FALSE)),
    evenodd = bare(evenodd(x, factors = scales)),
    psychsyn_.60 = bare(psychsyn(x, critval = .60)),
    psychsyn_.40 = bare(psychsyn(x, critval = .40)),
    psychant_.40 = bare(psychant(x, critval = -.40)))
  record(
    paste0("careless_", name), "careless-response indices", values,
    "careless::longstring, irv, mahad, evenodd(factors=), psychsyn(critval=), psychant",
    "careless", data, names(x), nrow(x),
    paste("scale lengths in column order: 5,5,5,5,5", note,
          "evenodd: within-person correlation of even and odd halves, Spearman-Brown corrected;",
          "careless >= 1.2 returns it with the sign reversed so that HIGH = inconsistent",
          "(see values)."))
}
# Where a person's correlation does not exist, careless swaps the sides of pairs at random.
# This puts the random stream where it was when the values were made.
set.seed(3); invisible(rnorm(587))
careless("bfi25", "bfi25_300", "raw (not reverse-keyed) columns A1..O5.")
careless("bfi25_missing", "bfi25_250_missing", "rows with NA included.")
