import json
from shakenfist_client import apiclient

sf_client = apiclient.Client()
md = sf_client.get_interface_metadata(img_uuid)
print(json.dumps(md, indent=4, sort_keys=True))
