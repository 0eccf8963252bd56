// The walk that every client takes, through the AWS SDK for Go v2. Prints one JSON object: step -> {"ok": result},
// {"error": …} or {"crash": …}; the test judges them.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"reflect"
	"sort"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

const roleArn = "arn:aws:iam::000000000000:role/walk-role"

var ctx = context.Background()
var results = map[string]any{}
var names = []string{"walk-python", "walk-node", "walk-shell"}

type object = map[string]any

func step(name string, run func() (any, error)) {
	value, err := run()
	if err == nil {
		results[name] = object{"ok": value}
	} else if refusal := describe(err); refusal != nil {
		results[name] = object{"error": refusal}
	} else {
		results[name] = object{"crash": err.Error()}
	}
}

func describe(err error) object {
	var api smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		return nil
	}
	return object{
		"class":     reflect.Indirect(reflect.ValueOf(api)).Type().Name(),
		"code":      api.ErrorCode(),
		"message":   api.ErrorMessage(),
		"status":    response.HTTPStatusCode(),
		"requestId": response.ServiceRequestID(),
	}
}

func configFor(endpoint string, provider aws.CredentialsProvider) aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(endpoint), Credentials: provider}
}

func fileBytes(path string) []byte {
	content, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return content
}

type walker struct {
	endpoint string
	config   aws.Config
	iam      *iam.Client
	sts      *sts.Client
	lambda   *lambda.Client
	logs     *cloudwatchlogs.Client
}

func main() {
	endpoint, zips := os.Args[1], os.Args[2:6]
	config := configFor(endpoint, credentials.NewStaticCredentialsProvider("test", "test", ""))
	w := walker{endpoint, config, iam.NewFromConfig(config), sts.NewFromConfig(config), lambda.NewFromConfig(config), cloudwatchlogs.NewFromConfig(config)}
	w.identity()
	w.functions(zips)
	w.output()
	w.refusals()
	step("lambda delete-function", func() (any, error) {
		for _, name := range names {
			if _, err := w.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String(name)}); err != nil {
				return nil, err
			}
		}
		left, err := w.lambda.ListFunctions(ctx, &lambda.ListFunctionsInput{})
		if err != nil {
			return nil, err
		}
		return append([]lambdatypes.FunctionConfiguration{}, left.Functions...), nil
	})
	json.NewEncoder(os.Stdout).Encode(object{"results": results})
}

func (w walker) identity() {
	step("sts get-caller-identity", func() (any, error) {
		return w.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	})
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	step("iam create-role", func() (any, error) {
		made, err := w.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("walk-role"), AssumeRolePolicyDocument: aws.String(trust)})
		if err != nil {
			return nil, err
		}
		document, err := url.QueryUnescape(*made.Role.AssumeRolePolicyDocument)
		if err != nil {
			return nil, err
		}
		return object{"Arn": made.Role.Arn, "AssumeRolePolicyDocument": json.RawMessage(document)}, nil
	})
	step("iam get-role", func() (any, error) {
		role, err := w.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("walk-role")})
		if err != nil {
			return nil, err
		}
		return object{"RoleId": role.Role.RoleId}, nil
	})
	step("iam attach-role-policy", func() (any, error) {
		policy := aws.String("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
		if _, err := w.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("walk-role"), PolicyArn: policy}); err != nil {
			return nil, err
		}
		attached, err := w.iam.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("walk-role")})
		if err != nil {
			return nil, err
		}
		return attached.AttachedPolicies, nil
	})
	step("sts assume-role", w.assumeRole)
}

func (w walker) assumeRole() (any, error) {
	people := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}`
	made, err := w.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("walk-people"), AssumeRolePolicyDocument: aws.String(people)})
	if err != nil {
		return nil, err
	}
	given, err := w.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: made.Role.Arn, RoleSessionName: aws.String("walker")})
	if err != nil {
		return nil, err
	}
	keys := credentials.NewStaticCredentialsProvider(*given.Credentials.AccessKeyId, *given.Credentials.SecretAccessKey, *given.Credentials.SessionToken)
	session := configFor(w.endpoint, keys)
	identity, err := sts.NewFromConfig(session).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, err
	}
	_, refused := lambda.NewFromConfig(session).ListFunctions(ctx, &lambda.ListFunctionsInput{})
	return object{"arn": identity.Arn, "refusal": describe(refused)}, nil
}

func (w walker) functions(zips []string) {
	create := func(label, name, runtime, handler, path string) {
		step("lambda create-function ("+label+")", func() (any, error) {
			return w.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
				FunctionName: aws.String(name), Runtime: lambdatypes.Runtime(runtime), Role: aws.String(roleArn), Handler: aws.String(handler),
				Code: &lambdatypes.FunctionCode{ZipFile: fileBytes(path)},
			})
		})
	}
	create("python3.12", "walk-python", "python3.12", "app.handler", zips[0])
	create("nodejs22.x", "walk-node", "nodejs22.x", "index.handler", zips[1])
	create("provided.al2023", "walk-shell", "provided.al2023", "bootstrap", zips[2])
	step("lambda wait function-active-v2", func() (any, error) {
		for _, name := range names {
			if err := lambda.NewFunctionActiveV2Waiter(w.lambda).Wait(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(name)}, 30*time.Second); err != nil {
				return nil, err
			}
		}
		return true, nil
	})
	step("lambda invoke", func() (any, error) {
		return w.invokeEach(func(name string) object { return object{"from": name} }, "")
	})
	step("lambda invoke --log-type Tail", func() (any, error) {
		return w.invokeEach(func(string) object { return object{"from": "tail"} }, lambdatypes.LogTypeTail)
	})
	step("lambda invoke, function error", func() (any, error) {
		return w.invokeEach(func(string) object { return object{"fail": true} }, "")
	})
	step("lambda get-function", func() (any, error) {
		return w.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("walk-python")})
	})
	step("lambda list-functions", w.listFunctions)
	step("lambda update-function-configuration", w.updateConfiguration)
	step("lambda update-function-code", func() (any, error) {
		name := aws.String("walk-node")
		if _, err := w.lambda.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: name, ZipFile: fileBytes(zips[3])}); err != nil {
			return nil, err
		}
		if err := w.waitUpdated(*name); err != nil {
			return nil, err
		}
		answer, err := w.invoke(*name, object{}, "")
		return answer["payload"], err
	})
}

func (w walker) invoke(name string, event object, logType lambdatypes.LogType) (object, error) {
	payload, _ := json.Marshal(event)
	out, err := w.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(name), Payload: payload, LogType: logType})
	if err != nil {
		return nil, err
	}
	if out.LogResult != nil {
		if _, err := base64.StdEncoding.DecodeString(*out.LogResult); err != nil {
			return nil, err
		}
	}
	return object{
		"payload": json.RawMessage(out.Payload), "StatusCode": out.StatusCode, "FunctionError": out.FunctionError,
		"ExecutedVersion": out.ExecutedVersion, "LogResult": out.LogResult,
	}, nil
}

func (w walker) invokeEach(event func(string) object, logType lambdatypes.LogType) (any, error) {
	answers := object{}
	for _, name := range names {
		answer, err := w.invoke(name, event(name), logType)
		if err != nil {
			return nil, err
		}
		answers[name] = answer
	}
	return answers, nil
}

func (w walker) listFunctions() (any, error) {
	var found []string
	pages := lambda.NewListFunctionsPaginator(w.lambda, &lambda.ListFunctionsInput{MaxItems: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, function := range page.Functions {
			found = append(found, *function.FunctionName)
		}
	}
	sort.Strings(found)
	return found, nil
}

func (w walker) waitUpdated(name string) error {
	return lambda.NewFunctionUpdatedV2Waiter(w.lambda).Wait(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(name)}, 30*time.Second)
}

func (w walker) updateConfiguration() (any, error) {
	answers := object{}
	for _, name := range names {
		_, err := w.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
			FunctionName: aws.String(name), MemorySize: aws.Int32(256), Timeout: aws.Int32(10),
			Environment: &lambdatypes.Environment{Variables: map[string]string{"GREETING": "hello"}},
		})
		if err != nil {
			return nil, err
		}
		if err := w.waitUpdated(name); err != nil {
			return nil, err
		}
		answer, err := w.invoke(name, object{}, "")
		if err != nil {
			return nil, err
		}
		answers[name] = answer["payload"]
	}
	return answers, nil
}

func (w walker) output() {
	step("logs describe-log-groups", func() (any, error) {
		out, err := w.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/aws/lambda/walk-")})
		if err != nil {
			return nil, err
		}
		var found []string
		for _, group := range out.LogGroups {
			found = append(found, *group.LogGroupName)
		}
		sort.Strings(found)
		return found, nil
	})
	step("logs filter-log-events", func() (any, error) {
		deadline := time.Now().Add(10 * time.Second)
		for { // function output may lag behind the answer by a tenth of a second
			messages, err := w.filter()
			if err != nil || len(messages) >= 4 || time.Now().After(deadline) {
				return messages, err
			}
			time.Sleep(200 * time.Millisecond)
		}
	})
}

func (w walker) filter() ([]string, error) {
	var messages []string
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(w.logs, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String("/aws/lambda/walk-python"), FilterPattern: aws.String(`"walk-hello got"`),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, event := range page.Events {
			messages = append(messages, *event.Message)
		}
	}
	return messages, nil
}

func (w walker) refusals() {
	w.queues()
	step("error: no such function", func() (any, error) {
		return w.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("absent")})
	})
	step("error: invalid parameter", func() (any, error) {
		return w.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("walk-python"), Timeout: aws.Int32(901)})
	})
	step("error: no such role", func() (any, error) {
		return w.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("absent")})
	})
	step("not implemented: dynamodb (json)", func() (any, error) {
		return dynamodb.NewFromConfig(w.config).ListTables(ctx, &dynamodb.ListTablesInput{})
	})
	step("not implemented: an operation of iam (query)", func() (any, error) {
		return w.iam.GenerateOrganizationsAccessReport(ctx, &iam.GenerateOrganizationsAccessReportInput{EntityPath: aws.String("o-a1b2c3d4e5/r-f6g7")})
	})
}


func (w walker) queues() {
	queues := sqs.NewFromConfig(w.config)
	var url, handle *string
	step("sqs create-queue", func() (any, error) {
		created, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{
			QueueName:  aws.String("walk-queue"),
			Attributes: map[string]string{"VisibilityTimeout": "60"},
			Tags:       map[string]string{"walk": "yes"},
		})
		if err != nil {
			return nil, err
		}
		url = created.QueueUrl
		return *url, nil
	})
	step("sqs send-message", func() (any, error) {
		sent, err := queues.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl:    url,
			MessageBody: aws.String("하늘 & <sky>"),
			MessageAttributes: map[string]sqstypes.MessageAttributeValue{
				"city": {DataType: aws.String("String"), StringValue: aws.String("서울")},
			},
		})
		if err != nil {
			return nil, err
		}
		return *sent.MD5OfMessageBody, nil
	})
	step("sqs receive-message", func() (any, error) {
		received, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl:                    url,
			WaitTimeSeconds:             5,
			MessageAttributeNames:       []string{"All"},
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
		})
		if err != nil {
			return nil, err
		}
		message := received.Messages[0]
		handle = message.ReceiptHandle
		return []string{*message.Body, *message.MessageAttributes["city"].StringValue, message.Attributes["ApproximateReceiveCount"]}, nil
	})
	step("sqs delete-message", func() (any, error) {
		if _, err := queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: handle}); err != nil {
			return nil, err
		}
		names := []sqstypes.QueueAttributeName{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"}
		told, err := queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: names})
		if err != nil {
			return nil, err
		}
		return []string{told.Attributes[string(names[0])], told.Attributes[string(names[1])]}, nil
	})
	step("error: no such queue", func() (any, error) {
		return queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("absent")})
	})
}
