"""What pyarrow, DuckDB and polars read of tables, and tables that pyarrow writes. Run by test/features/files/other-readers.test.ts.

    tables.py has                        the libraries that there are, as JSON
    tables.py read FOLDER                what each library that is there finds in the files in the folder, as JSON
    tables.py write SOURCE.parquet FOLDER   the table again, in many ways
"""
import importlib.util
import json
import os
import sys

LIBRARIES = ["pyarrow", "duckdb", "polars"]


def has(name):
    return importlib.util.find_spec(name) is not None


def by_pyarrow(path):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if path.endswith(".parquet"):
        table = pq.read_table(path)
    elif path.endswith(".arrows"):
        table = pa.ipc.open_stream(path).read_all()
    else:
        table = pa.ipc.open_file(path).read_all()
    table.validate(full=True)
    times = table["first_seen"].cast(pa.int64())
    return {
        "rows": table.num_rows,
        "types": {field.name: str(field.type).replace("element: ", "").replace("item: ", "").replace(" not null", "") for field in table.schema},
        "units": {field.name: (field.metadata or {}).get(b"unit", b"").decode() for field in table.schema},
        "revisions": {field.name: (field.metadata or {}).get(b"revision", b"").decode() for field in table.schema},
        "version": (table.schema.metadata or {}).get(b"flowlamp.table", b"").decode(),
        "flow_ids": str(pc.sum(table["flow_id"])),
        "times": [None if time is None else str(time) for time in times.to_pylist()],
        "labels": table["label"].to_pylist(),
        "sizes": table["payload_sizes"].to_pylist(),
        "tokens": table["sni_tokens"].to_pylist(),
        "std": table["fwd_packet_size_std"].to_pylist(),
        "ech": table["tls_ech"].to_pylist(),
    }


def by_duckdb(path):
    import duckdb

    source = f"read_parquet('{path}')"
    types = dict(duckdb.sql(f"select column_name, column_type from (describe select * from {source})").fetchall())
    rows = duckdb.sql(
        f"select flow_id, epoch_ns(first_seen::timestamp_ns), label, payload_sizes, sni_tokens, fwd_packet_size_std, tls_ech from {source}"
    ).fetchall()
    total = duckdb.sql(f"select sum(flow_id) from {source}").fetchall()[0][0]
    return found(types, total, rows)


def by_polars(path):
    import polars as pl

    if path.endswith(".parquet"):
        table = pl.read_parquet(path)
    elif path.endswith(".arrows"):
        table = pl.read_ipc_stream(path)
    else:
        table = pl.read_ipc(path, memory_map=False)
    names = ["flow_id", "first_seen", "label", "payload_sizes", "sni_tokens", "fwd_packet_size_std", "tls_ech"]
    rows = table.select(names).with_columns(pl.col("first_seen").cast(pl.Int64)).rows()
    return found({name: str(kind) for name, kind in table.schema.items()}, sum(row[0] for row in rows), rows)


def found(types, total, rows):
    return {
        "rows": len(rows),
        "types": types,
        "flow_ids": str(total),
        "times": [str(row[1]) for row in rows],
        "labels": [row[2] for row in rows],
        "sizes": [row[3] for row in rows],
        "tokens": [row[4] for row in rows],
        "std": [row[5] for row in rows],
        "ech": [row[6] for row in rows],
    }


READERS = {"pyarrow": by_pyarrow, "duckdb": by_duckdb, "polars": by_polars}


def read(folder):
    results = {}
    for name in sorted(os.listdir(folder)):
        for library in filter(has, LIBRARIES):
            if library == "duckdb" and not name.endswith(".parquet"):
                continue
            try:
                results[f"{library} {name}"] = READERS[library](os.path.join(folder, name))
            except BaseException as error:
                results[f"{library} {name}"] = {"error": f"{type(error).__name__}: {error}"}
    return results


def write(source, folder):
    import pyarrow as pa
    import pyarrow.feather as feather
    import pyarrow.parquet as pq

    table = pq.read_table(source)
    at = lambda name: os.path.join(folder, name)
    for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
        pq.write_table(table, at(f"{codec}.parquet"), compression=codec)
    pq.write_table(table, at("v2.parquet"), version="2.6", data_page_version="2.0", row_group_size=5)
    pq.write_table(table, at("plain.parquet"), use_dictionary=False, data_page_size=64, write_batch_size=2)
    encodings = {
        "capture": "DELTA_BYTE_ARRAY",
        "label": "DELTA_LENGTH_BYTE_ARRAY",
        "flow_id": "DELTA_BINARY_PACKED",
        "part": "DELTA_BINARY_PACKED",
        "first_seen": "DELTA_BINARY_PACKED",
        "fwd_packet_size_std": "BYTE_STREAM_SPLIT",
        "tls_ech": "RLE",
    }
    for version in ["1.0", "2.0"]:
        pq.write_table(table, at(f"delta{version}.parquet"), use_dictionary=False, column_encoding=encodings, data_page_version=version)
    for codec in ["uncompressed", "lz4", "zstd"]:
        feather.write_feather(table, at(f"{codec}.arrow"), compression=codec, chunksize=5)
    with pa.ipc.new_stream(at("zstd.arrows"), table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    if has("polars"):
        import polars as pl

        frame = pl.read_parquet(source)
        for codec in ["zstd", "snappy", "lz4"]:
            frame.write_parquet(at(f"polars-{codec}.parquet"), compression=codec, row_group_size=6)
    if has("duckdb"):
        import duckdb

        for version in ["V1", "V2"]:
            duckdb.sql(f"copy (select * from read_parquet('{source}')) to '{at(f'duckdb-{version}.parquet')}' (format parquet, parquet_version {version})")


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "has":
        print(json.dumps([name for name in LIBRARIES if has(name)]))
    elif command == "read":
        print(json.dumps(read(*rest)))
    else:
        write(*rest)
