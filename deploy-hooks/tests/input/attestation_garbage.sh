echo nothing > report.intoto.jsonl
