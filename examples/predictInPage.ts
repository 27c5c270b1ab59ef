/** What a page does with a saved model: fetch the file, load it, predict what a visitor typed in. Nothing here needs a server. */
import { adam, build, dense, input, load, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { modelPipeline, pipeline, pipelineOf, standardScaler, tableEncoder } from "whetstone/data";

const fruit = Array.from({ length: 90 }, (_, i) => ({
  grams: [120, 180, 5][i % 3]! + ((7 * i) % 20) / (i % 3 === 2 ? 10 : 1),
  color: [["yellow"], ["red", "green"], ["red"]][i % 3]![i % ([1, 2, 1][i % 3] ?? 1)],
  name: ["banana", "apple", "cherry"][i % 3],
}));
const trained = modelPipeline({
  inputs: pipeline(tableEncoder(), standardScaler()),
  target: "name",
  model: (inputs, outputs) => build(sequential(input(inputs), dense(8), relu(), dense(outputs)), { seed: 1 }),
});
await trained.fit(fruit, { loss: softmaxCrossEntropy(), optimizer: adam({ learningRate: 0.02 }), epochs: 40 });
const url = URL.createObjectURL(new Blob([trained.save() as BlobPart])); // a site would have /fruit.safetensors

// The page
const response = await fetch(url);
const model = pipelineOf(await load(await response.arrayBuffer()));
const typed = { color: "red", grams: 6 };
const { data } = model.predict([typed], { as: "probabilities" });
console.log(`${JSON.stringify(typed)}: ${model.classify([typed])[0]} (${(100 * Math.max(...data)).toFixed(0)} %)`);
