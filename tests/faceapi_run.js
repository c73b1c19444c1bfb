// faceapi_run.js TF.MIN.JS FACE-API.NODE-WASM.JS NET MANIFEST.json OUTDIR INPUT.f32 H W
// Runs a network of face-api.js on one picture (RGB, 0..255) in TensorFlow.js and writes what comes
// out: OUTDIR/<i>.f32. NET: its name in face-api.js's `nets`; the shards lie beside the manifest. For
// tests.
"use strict";
const fs = require("fs");
const Module = require("module");
const path = require("path");

const [library, faceApi, net, manifest, folder, inputPath, h, w] = process.argv.slice(2);
const load = Module._load;
Module._load = (name, ...more) => load(name.startsWith("@tensorflow/") ? library : name, ...more);
const tf = require(library);
const faceapi = require(faceApi);

async function main() {
    tf.env().set("PROD", true);
    await tf.setBackend("cpu");
    const groups = JSON.parse(fs.readFileSync(manifest, "utf8"));
    const data = Buffer.concat(groups.flatMap((group) => group.paths).map(
        (name) => fs.readFileSync(path.join(path.dirname(manifest), name))));
    const weights = tf.io.decodeWeights(
        data.buffer.slice(data.byteOffset, data.byteOffset + data.length),
        groups.flatMap((group) => group.weights));
    const network = faceapi.nets[net];
    network.loadFromWeightMap(weights);
    const bytes = fs.readFileSync(inputPath);
    const picture = tf.tensor(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4),
                              [Number(h), Number(w), 3]);
    const input = await faceapi.toNetInput(picture);
    const run = network.postProcess ? network.runNet(input) : network.forwardInput(input);
    const outputs = run instanceof tf.Tensor ? [run] : Object.values(run);
    outputs.forEach((tensor, i) => fs.writeFileSync(path.join(folder, i + ".f32"),
                                                    Buffer.from(tensor.dataSync().buffer)));
}

main().catch((error) => {
    console.error("faceapi_run: " + error.message);
    process.exit(1);
});
