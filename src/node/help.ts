/** What --help prints. */
import { RECIPE } from "./recipe.ts";

export function helpText(version: string): string {
  return `whetstone ${version}: trains neural networks on tables

  whetstone                                    train a classifier of handwritten digits
  whetstone train FILE.csv --target COLUMN     train on a table and save the model
  whetstone predict MODEL.safetensors FILE.csv predict rows of a table, as CSV
  whetstone evaluate MODEL.safetensors FILE.csv
                                               score a model on a table that has the target
  whetstone crossvalidate FILE.csv --target COLUMN
                                               how well training on a table does on unseen rows

training
  --hidden 64,32          units of the hidden layers, or none (${RECIPE.hidden.join(",")})
  --epochs N              passes over the rows at most (${RECIPE.epochs})
  --batch-size N          rows per step (${RECIPE.batchSize})
  --learning-rate R       of AdamW (${RECIPE.learningRate})
  --test S                share or count of rows for the test (${RECIPE.test})
  --seed N                of split, weights and order (0)
  --out FILE              where the model goes (digits.safetensors, model.safetensors)
train, crossvalidate
  --target COLUMN         name of the column to predict
  --task T                classification or regression (found from the target)
  --exclude A,B           columns that are no inputs
crossvalidate, which has no --test and no --out
  --folds N               parts, each of which is tested once (10)
  --repeats N             divide so often, each time in another order (1)
predict
  --out FILE              where the predictions go (standard output)

  --help, --version
`;
}
