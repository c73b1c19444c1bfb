// tfjs_run.js TF.MIN.JS MODEL.json OUTDIR INPUT.f32 NODES N H W C
// Runs a TensorFlow.js graph model once in TensorFlow.js and writes the values of NODES, names with
// commas between: OUTDIR/<i>.f32 and OUTDIR/outputs.tsv (index, name, dimensions). The shards lie
// beside the model. For tests.
"use strict";
const fs = require("fs");
const path = require("path");

const [library, modelPath, folder, inputPath, nodes, ...dims] = process.argv.slice(2);
const tf = require(library);

function floats(file) {
    const bytes = fs.readFileSync(file);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

async function main() {
    tf.env().set("PROD", true);
    await tf.setBackend("cpu");
    const json = JSON.parse(fs.readFileSync(modelPath, "utf8"));
    const groups = json.weightsManifest;
    const shards = groups.flatMap((group) => group.paths).map(
        (name) => fs.readFileSync(path.join(path.dirname(modelPath), name)));
    const data = Buffer.concat(shards);
    const model = await tf.loadGraphModel({
        load: async () => ({
            modelTopology: json.modelTopology,
            weightSpecs: groups.flatMap((group) => group.weights),
            weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.length),
        }),
    });
    const names = nodes.split(",");
    const input = tf.tensor(floats(inputPath), dims.map(Number));
    const outputs = model.execute({ [model.inputNodes[0]]: input }, names);
    const lines = [].concat(outputs).map((tensor, i) => {
        fs.writeFileSync(path.join(folder, i + ".f32"), Buffer.from(tensor.dataSync().buffer));
        return [i, names[i], ...tensor.shape].join("\t");
    });
    fs.writeFileSync(path.join(folder, "outputs.tsv"), lines.join("\n") + "\n");
}

main().catch((error) => {
    console.error("tfjs_run: " + error.message);
    process.exit(1);
});
