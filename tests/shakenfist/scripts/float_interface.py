import json
from shakenfist_client import apiclient
import time

sf_client = apiclient.Client()
sf_client.float_interface('b1981e81-b37a-4176-ba37-b61bc7208012')

iface = sf_client.get_interface('b1981e81-b37a-4176-ba37-b61bc7208012')
while not iface.get('floating'):
    print('Waiting...')
    time.sleep(5)
    iface = sf_client.get_interface('b1981e81-b37a-4176-ba37-b61bc7208012')

print('The interface is externally accessible at %s' % iface['floating'])
