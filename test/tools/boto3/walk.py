"""The walk of issue 2 through boto3. Prints one JSON object: step -> {"ok": result} or {"error": …}; the test judges them."""
import json
import sys
import time

import boto3
import botocore.exceptions

endpoint, python_zip, node_zip, shell_zip, changed_zip = sys.argv[1:6]
results = {}


def client(service, **credentials):
    keys = credentials or {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test'}
    return boto3.client(service, endpoint_url=endpoint, region_name='us-east-1', **keys)


iam, sts, functions, logs = client('iam'), client('sts'), client('lambda'), client('logs')


def step(name):
    def run(body):
        try:
            results[name] = {'ok': body()}
        except botocore.exceptions.ClientError as error:
            results[name] = {'error': describe(error)}
        except Exception as error:  # a bug of the walk or a protocol error: the test prints it
            results[name] = {'crash': f'{type(error).__name__}: {error}'}
        return body
    return run


def describe(error):
    response = error.response
    return {
        'class': type(error).__name__,
        'code': response['Error'].get('Code'),
        'message': response['Error'].get('Message'),
        'status': response['ResponseMetadata']['HTTPStatusCode'],
        'requestId': response['ResponseMetadata'].get('RequestId'),
    }


def without_metadata(response):
    return {key: value for key, value in json.loads(json.dumps(response, default=str)).items() if key != 'ResponseMetadata'}


def bytes_of(path):
    with open(path, 'rb') as file:
        return file.read()


def invoke(name, event, **options):
    response = functions.invoke(FunctionName=name, Payload=json.dumps(event), **options)
    answer = {'payload': json.loads(response['Payload'].read())}
    for key in ('StatusCode', 'FunctionError', 'ExecutedVersion', 'LogResult'):
        answer[key] = response.get(key)
    return answer


names = ['walk-python', 'walk-node', 'walk-shell']
trust = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'lambda.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]}
people = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'AWS': '000000000000'}, 'Action': 'sts:AssumeRole'}]}
basic = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'
role_arn = 'arn:aws:iam::000000000000:role/walk-role'


@step('sts get-caller-identity')
def _():
    return without_metadata(sts.get_caller_identity())


@step('iam create-role')
def _():
    return without_metadata(iam.create_role(RoleName='walk-role', AssumeRolePolicyDocument=json.dumps(trust)))['Role']


@step('iam get-role')
def _():
    return without_metadata(iam.get_role(RoleName='walk-role'))['Role']


@step('iam attach-role-policy')
def _():
    iam.attach_role_policy(RoleName='walk-role', PolicyArn=basic)
    return without_metadata(iam.list_attached_role_policies(RoleName='walk-role'))['AttachedPolicies']


@step('sts assume-role')
def _():
    arn = iam.create_role(RoleName='walk-people', AssumeRolePolicyDocument=json.dumps(people))['Role']['Arn']
    given = sts.assume_role(RoleArn=arn, RoleSessionName='walker')['Credentials']
    session = {
        'aws_access_key_id': given['AccessKeyId'],
        'aws_secret_access_key': given['SecretAccessKey'],
        'aws_session_token': given['SessionToken'],
    }
    try:
        client('lambda', **session).list_functions()
        refusal = None
    except botocore.exceptions.ClientError as error:
        refusal = describe(error)
    return {'arn': client('sts', **session).get_caller_identity()['Arn'], 'refusal': refusal}


def create(name, runtime, handler, path):
    made = functions.create_function(FunctionName=name, Runtime=runtime, Role=role_arn, Handler=handler, Code={'ZipFile': bytes_of(path)})
    return without_metadata(made)


step('lambda create-function (python3.12)')(lambda: create('walk-python', 'python3.12', 'app.handler', python_zip))
step('lambda create-function (nodejs22.x)')(lambda: create('walk-node', 'nodejs22.x', 'index.handler', node_zip))
step('lambda create-function (provided.al2023)')(lambda: create('walk-shell', 'provided.al2023', 'bootstrap', shell_zip))


@step('lambda wait function-active-v2')
def _():
    for name in names:
        functions.get_waiter('function_active_v2').wait(FunctionName=name, WaiterConfig={'Delay': 1})


step('lambda invoke')(lambda: {name: invoke(name, {'from': name}) for name in names})
step('lambda invoke --log-type Tail')(lambda: {name: invoke(name, {'from': 'tail'}, LogType='Tail') for name in names})
step('lambda invoke, function error')(lambda: {name: invoke(name, {'fail': True}) for name in names})
step('lambda get-function')(lambda: without_metadata(functions.get_function(FunctionName='walk-python')))


@step('lambda list-functions')
def _():
    pages = functions.get_paginator('list_functions').paginate(PaginationConfig={'PageSize': 1})
    return sorted(function['FunctionName'] for page in pages for function in page['Functions'])


@step('lambda update-function-configuration')
def _():
    answers = {}
    for name in names:
        functions.update_function_configuration(FunctionName=name, Environment={'Variables': {'GREETING': 'hello'}}, MemorySize=256, Timeout=10)
        functions.get_waiter('function_updated_v2').wait(FunctionName=name, WaiterConfig={'Delay': 1})
        answers[name] = invoke(name, {})['payload']
    return answers


@step('lambda update-function-code')
def _():
    functions.update_function_code(FunctionName='walk-node', ZipFile=bytes_of(changed_zip))
    functions.get_waiter('function_updated_v2').wait(FunctionName='walk-node', WaiterConfig={'Delay': 1})
    return invoke('walk-node', {})['payload']


@step('logs describe-log-groups')
def _():
    return sorted(group['logGroupName'] for group in logs.describe_log_groups(logGroupNamePrefix='/aws/lambda/walk-')['logGroups'])


@step('logs filter-log-events')
def _():
    deadline = time.time() + 10
    while True:  # function output may lag behind the answer by a tenth of a second
        pages = logs.get_paginator('filter_log_events').paginate(logGroupName='/aws/lambda/walk-python', filterPattern='"walk-hello got"')
        messages = [event['message'] for page in pages for event in page['events']]
        if len(messages) >= 4 or time.time() > deadline:
            return messages
        time.sleep(0.2)


queues, queue = client('sqs'), {}


@step('sqs create-queue')
def _():
    queue['QueueUrl'] = queues.create_queue(QueueName='walk-queue', Attributes={'VisibilityTimeout': '60'}, tags={'walk': 'yes'})['QueueUrl']
    return queue['QueueUrl']


@step('sqs send-message')
def _():
    attributes = {'city': {'DataType': 'String', 'StringValue': '서울'}}
    return queues.send_message(MessageBody='하늘 & <sky>', MessageAttributes=attributes, **queue)['MD5OfMessageBody']


@step('sqs receive-message')
def _():
    (message,) = queues.receive_message(WaitTimeSeconds=5, MessageAttributeNames=['All'], AttributeNames=['All'], **queue)['Messages']
    queue['ReceiptHandle'] = message['ReceiptHandle']
    return [message['Body'], message['MessageAttributes']['city']['StringValue'], message['Attributes']['ApproximateReceiveCount']]


@step('sqs delete-message')
def _():
    queues.delete_message(**queue)
    names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
    counts = queues.get_queue_attributes(QueueUrl=queue['QueueUrl'], AttributeNames=names)['Attributes']
    return [counts[name] for name in names]


step('error: no such queue')(lambda: queues.get_queue_url(QueueName='absent'))
step('error: no such function')(lambda: functions.get_function(FunctionName='absent'))
step('error: invalid parameter')(lambda: functions.update_function_configuration(FunctionName='walk-python', Timeout=901))
step('error: no such role')(lambda: iam.get_role(RoleName='absent'))
step('not implemented: dynamodb (json)')(lambda: client('dynamodb').list_tables())
step('not implemented: an operation of iam (query)')(lambda: iam.generate_organizations_access_report(EntityPath='o-a1b2c3d4e5/r-f6g7'))


@step('lambda delete-function')
def _():
    for name in names:
        functions.delete_function(FunctionName=name)
    return without_metadata(functions.list_functions())['Functions']


print(json.dumps({'version': boto3.__version__, 'results': results}))
