import json
from shakenfist_client import apiclient

sf_client = apiclient.Client()
sf_client.delete_interface_metadata_item(img_uuid, 'foo')
