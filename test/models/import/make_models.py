"""Classifiers of XGBoost and scikit-learn as hand-written ONNX, with what they themselves say of the same rows.

    /usr/bin/python3 make_models.py FOLDER

Writes rows.f32 (500 x 6, NaN for missing) and, for each model, NAME.onnx, NAME.map.json and NAME.f32 (its probabilities);
for XGBoost also NAME.contribs.f32 (its own Shapley values, the base last).
"""
import json
import sys

import numpy as np
import onnx
import xgboost
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

FOLDER = sys.argv[1]
COLUMNS = ["fwd_packets", "bwd_packets", "fwd_bytes", "bwd_bytes", "duration_us", "flow_iat_mean_us"]
LABELS = ["browsing", "mining", "video"]
F = len(COLUMNS)

random = np.random.default_rng(1)
X = np.exp(random.normal(5, 2, (500, F))).astype(np.float32)
kind = (X[:, 0] > X[:, 1]).astype(int) + (X[:, 4] > 200).astype(int)
X[random.random(X.shape) < 0.1] = np.nan
X.tofile(f"{FOLDER}/rows.f32")


def save(name, nodes, inputs, outputs, initializers=(), **said):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="make_models", ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, f"{FOLDER}/{name}.onnx")
    with open(f"{FOLDER}/{name}.map.json", "w") as file:
        json.dump({"version": 1, "columns": COLUMNS, **said}, file)


def expect(name, probabilities):
    np.asarray(probabilities, np.float32).tofile(f"{FOLDER}/{name}.f32")


def ensemble(name, trees, classes, transform, base, labels, **said):
    """trees: (class or None, {node id: dict}); a leaf has weights {class: weight}."""
    a = {key: [] for key in "treeids nodeids featureids modes values truenodeids falsenodeids hitrates".split()}
    a["missing_value_tracks_true"] = []
    leaves = {key: [] for key in "treeids nodeids ids weights".split()}
    for tree, nodes in enumerate(trees):
        for node, at in sorted(nodes.items()):
            leaf = "weights" in at
            a["treeids"].append(tree)
            a["nodeids"].append(node)
            a["featureids"].append(0 if leaf else at["feature"])
            a["modes"].append("LEAF" if leaf else at["mode"])
            a["values"].append(0.0 if leaf else float(at["threshold"]))
            a["truenodeids"].append(0 if leaf else at["true"])
            a["falsenodeids"].append(0 if leaf else at["false"])
            a["missing_value_tracks_true"].append(0 if leaf else int(at["missing_true"]))
            a["hitrates"].append(float(at["cover"]))
            for label, weight in at.get("weights", {}).items():
                leaves["treeids"].append(tree)
                leaves["nodeids"].append(node)
                leaves["ids"].append(label)
                leaves["weights"].append(float(weight))
    attributes = {f"nodes_{key}": value for key, value in a.items()}
    attributes.update({f"class_{key}": value for key, value in leaves.items()})
    if base is not None:
        attributes["base_values"] = base
    node = helper.make_node(
        "TreeEnsembleClassifier", ["X"], ["class", "p"], domain="ai.onnx.ml",
        classlabels_int64s=list(range(classes)), post_transform=transform, **attributes)
    save(name, [node],
         [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, F])],
         [helper.make_tensor_value_info("class", TensorProto.INT64, [None]),
          helper.make_tensor_value_info("p", TensorProto.FLOAT, [None, classes])],
         labels=labels, **said)


def xgboost_trees(booster, scores):
    def walk(node, score, out):
        if "leaf" in node:
            out[node["nodeid"]] = {"weights": {score: node["leaf"]}, "cover": node["cover"]}
            return
        out[node["nodeid"]] = {
            "feature": int(node["split"][1:]), "mode": "BRANCH_LT", "threshold": np.float32(node["split_condition"]),
            "true": node["yes"], "false": node["no"], "missing_true": node["missing"] == node["yes"],
            "cover": node["cover"]}
        for child in node["children"]:
            walk(child, score, out)
    trees = []
    for i, text in enumerate(booster.get_dump(with_stats=True, dump_format="json")):
        trees.append({})
        walk(json.loads(text), i % scores, trees[-1])
    return trees


def float_floor(value):
    """The largest float32 that is not above: rows are float32, thresholds of scikit-learn float64."""
    rounded = np.float32(value)
    return np.nextafter(rounded, np.float32(-np.inf)) if rounded > value else rounded


# XGBoost, two classes and three.
for name, classes in (("xgboost2", 2), ("xgboost3", 3)):
    truth = np.minimum(kind, classes - 1)
    objective = {"objective": "binary:logistic"} if classes == 2 else {"objective": "multi:softprob", "num_class": 3}
    data = xgboost.DMatrix(X, truth)
    booster = xgboost.train({**objective, "max_depth": 5, "eta": 0.3, "nthread": 1, "seed": 1}, data, 20)
    p = booster.predict(data)
    expect(name, np.stack([1 - p, p], 1) if classes == 2 else p)
    booster.predict(data, pred_contribs=True).astype(np.float32).tofile(f"{FOLDER}/{name}.contribs.f32")
    scores = 1 if classes == 2 else classes
    base = [0.0] if classes == 2 else [0.5] * 3
    ensemble(name, xgboost_trees(booster, scores), classes, "LOGISTIC" if classes == 2 else "SOFTMAX", base,
             LABELS[:classes], learner=f"xgboost {xgboost.__version__}", positive="mining")

# scikit-learn's histogram boosting.
hist = HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=15, random_state=1).fit(X, kind)
trees = []
for round in hist._predictors:
    for score, predictor in enumerate(round):
        trees.append({i: (
            {"weights": {score: n["value"]}, "cover": n["count"]} if n["is_leaf"] else
            {"feature": int(n["feature_idx"]), "mode": "BRANCH_LEQ", "threshold": float_floor(n["num_threshold"]),
             "true": int(n["left"]), "false": int(n["right"]), "missing_true": n["missing_go_to_left"],
             "cover": n["count"]})
            for i, n in enumerate(predictor.nodes)})
ensemble("hist", trees, 3, "SOFTMAX", [float(v) for v in np.ravel(hist._baseline_prediction)], LABELS)
expect("hist", hist.predict_proba(X))

# A random forest: shares of classes in the leaves, and no missing values: they are given to it as -1.
filled = np.where(np.isnan(X), np.float32(-1), X)
forest = RandomForestClassifier(20, max_depth=6, random_state=1).fit(filled, kind)
trees = []
for estimator in forest.estimators_:
    t = estimator.tree_
    shares = t.value[:, 0, :] / t.value[:, 0, :].sum(1, keepdims=True) / len(forest.estimators_)
    trees.append({i: (
        {"weights": dict(enumerate(shares[i])), "cover": t.weighted_n_node_samples[i]} if t.children_left[i] < 0 else
        {"feature": int(t.feature[i]), "mode": "BRANCH_LEQ", "threshold": float_floor(t.threshold[i]),
         "true": int(t.children_left[i]), "false": int(t.children_right[i]), "missing_true": 0,
         "cover": t.weighted_n_node_samples[i]})
        for i in range(t.node_count)})
ensemble("forest", trees, 3, "NONE", None, LABELS, missing=-1)
expect("forest", forest.predict_proba(filled))

# Logistic regression in standard operators, in double, one input for each column, one logit out, nulls as 0.
zeros = np.nan_to_num(X.astype(np.float64))
scaler = StandardScaler().fit(zeros)
line = LogisticRegression().fit(scaler.transform(zeros), kind > 0)
names = [f"in_{column}" for column in COLUMNS]
constants = {"mean": scaler.mean_, "scale": scaler.scale_, "w": line.coef_.T, "b": line.intercept_}
save("linear",
     [helper.make_node("Concat", names, ["x"], axis=1),
      helper.make_node("Sub", ["x", "mean"], ["centred"]),
      helper.make_node("Div", ["centred", "scale"], ["scaled"]),
      helper.make_node("MatMul", ["scaled", "w"], ["dot"]),
      helper.make_node("Add", ["dot", "b"], ["logit"])],
     [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None, 1]) for name in names],
     [helper.make_tensor_value_info("logit", TensorProto.DOUBLE, [None, 1])],
     [numpy_helper.from_array(np.asarray(value, np.float64), name) for name, value in constants.items()],
     labels=["other", "mining"], outputKind="logits", missing=0)
with open(f"{FOLDER}/linear.map.json") as file:
    said = json.load(file)
said["columns"] = [{"name": column, "input": f"in_{column}"} for column in COLUMNS]
with open(f"{FOLDER}/linear.map.json", "w") as file:
    json.dump(said, file)
expect("linear", line.predict_proba(scaler.transform(zeros)))
