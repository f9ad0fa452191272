"""The other client: carries out orders with boto3, one JSON object a line, and tells what came of each."""
import json
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

endpoint, bucket, access, secret = sys.argv[1:]
client = boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id=access,
    aws_secret_access_key=secret,
    config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
)
MULTIPART = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)


def get(key, file):
    answer = client.get_object(Bucket=bucket, Key=key)
    with open(file, "wb") as out:
        for piece in answer["Body"].iter_chunks(1 << 20):
            out.write(piece)
    return {"meta": answer["Metadata"], "encoding": answer.get("ContentEncoding"), "etag": answer["ETag"]}


def put(key, file, meta):
    client.upload_file(file, bucket, key, ExtraArgs={"Metadata": meta}, Config=MULTIPART)
    return {}


for line in sys.stdin:
    order = json.loads(line)
    verb = {"get": get, "put": put}[order.pop("verb")]
    print(json.dumps(verb(**order)))
