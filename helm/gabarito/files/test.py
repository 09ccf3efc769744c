"""Ask the endpoint for its model; while nothing is served, run `gabarito check`.

sys.argv: the address of /v1/models, the pipeline file, further options of `gabarito check`
"""

import json
import os
import sys
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

address, pipeline, *options = sys.argv[1:]
token = os.environ.get(
    "GABARITO_SERVE_TOKEN", ""
).strip()  # a Secret from a file ends in a line end
request = Request(address, headers={"Authorization": f"Bearer {token}"} if token else {})
try:
    with urlopen(request, timeout=30) as response:
        models = json.load(response)["data"]
except HTTPError as error:
    sys.exit(f"{address}: {error}")
except (URLError, TimeoutError) as error:
    sys.stdout.write(f"{address}: no model is served yet ({error})\n")
    sys.stdout.flush()
    os.execvp("gabarito", ["gabarito", "check", *options, pipeline])
sys.stdout.write(f"{address}: serves {models[0].get('root', models[0]['id'])}\n")
