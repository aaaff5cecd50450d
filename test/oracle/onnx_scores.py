"""The scores of a flow table by ONNX Runtime alone: TABLE.arrow MODEL_FOLDER -> JSON on standard output."""

import json
import sys

import numpy
import onnxruntime
import pyarrow

table = pyarrow.ipc.open_file(sys.argv[1]).read_all()
with open(f"{sys.argv[2]}/card.json") as file:
    card = json.load(file)

columns = [table[column["name"]].to_numpy(zero_copy_only=False).astype("float32") for column in card["inputs"]]
session = onnxruntime.InferenceSession(f"{sys.argv[2]}/model.onnx", providers=["CPUExecutionProvider"])
[probabilities] = session.run(["probabilities"], {session.get_inputs()[0].name: numpy.stack(columns, axis=1)})

json.dump(
    {
        "flow_id": table["flow_id"].to_pylist(),
        "predicted": [card["labels"][best] for best in probabilities.argmax(axis=1)],
        "score": [float(best) for best in probabilities.max(axis=1)],
    },
    sys.stdout,
)
