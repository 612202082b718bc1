"""RankLLM: results in memory, and what its writer writes."""

from tests.clients import world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything; its models need a GPU, its data classes do not."""
    try:
        from rank_llm.data import Candidate, DataWriter, Query, Result
    except ImportError as error:
        client.not_tried("all", f"its data classes do not import ({error})")
        return
    made = world.scores(1)
    results = [
        Result(
            query=Query(text=world.QUERIES[qid], qid=qid),
            candidates=[
                Candidate(docid=d, score=row[d], doc={"contents": world.DOCUMENTS[d]})
                for d in world.best_first(row)
            ],
        )
        for qid, row in made.items()
    ]
    client.object("Result", results, scores=made)
    client.object("one Result", results[0], scores={world.QIDS[0]: made[world.QIDS[0]]})
    writer = DataWriter(results)
    lines, run_file = client.folder / "results.jsonl", client.folder / "results.trec"
    writer.write_in_jsonl_format(str(lines))
    client.file("write_in_jsonl_format", lines, scores=made)
    array = client.folder / "results.json"
    writer.write_in_json_format(str(array))
    client.file("write_in_json_format", array, scores=made)
    writer.write_in_trec_eval_format(str(run_file))
    client.file("write_in_trec_eval_format", run_file, scores=made)
    client.commands(
        "results",
        lines,
        {"made": world.groups(made), "few": world.groups(made, depth=6)},
        students={"other": run_file},
        qrels=world.QRELS,
    )
    client.not_tried(
        "reranking by a model",
        "its rerankers import vllm, several gigabytes of builds for GPUs; what they "
        "return are the Results above",
    )
