import json
from shakenfist_client import apiclient

sf_client = apiclient.Client()
iface = sf_client.get_interface('b1981e81-b37a-4176-ba37-b61bc7208012')
print(json.dumps(iface, indent=4, sort_keys=True))
