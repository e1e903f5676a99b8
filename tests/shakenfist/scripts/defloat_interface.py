import json
from shakenfist_client import apiclient
import time

sf_client = apiclient.Client()
sf_client.defloat_interface('b1981e81-b37a-4176-ba37-b61bc7208012')
