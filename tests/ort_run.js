// ort_run.js NODE_MODULES MODEL.onnx OUTDIR (INPUT.f32 N C H W)
// Runs an ONNX model once in ONNX Runtime on one thread and writes its outputs: OUTDIR/<i>.f32 and
// OUTDIR/outputs.tsv (index, name, dimensions). For tests/test_exact.py.
"use strict";
const fs = require("fs");
const path = require("path");

const [modules, model, folder, inputPath, ...dims] = process.argv.slice(2);
const ort = require(path.join(modules, "onnxruntime-node"));

async function main() {
    const session = await ort.InferenceSession.create(
        model, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
    const bytes = fs.readFileSync(inputPath);
    const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const input = new ort.Tensor("float32", Float32Array.from(numbers), dims.map(Number));
    const outputs = await session.run({ [session.inputNames[0]]: input });
    const lines = session.outputNames.map((name, i) => {
        const { data, dims: shape } = outputs[name];
        const view = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        fs.writeFileSync(path.join(folder, i + ".f32"), view);
        return [i, name, ...shape].join("\t");
    });
    fs.writeFileSync(path.join(folder, "outputs.tsv"), lines.join("\n") + "\n");
}

main().catch((error) => {
    console.error("ort_run: " + error.message);
    process.exit(1);
});
