echo nothing > audit.jsonl
