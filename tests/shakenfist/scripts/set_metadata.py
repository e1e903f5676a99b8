from shakenfist_client import apiclient

sf_client = apiclient.Client()
sf_client.set_interface_metadata_item(img_uuid, 'foo', 'bar')
