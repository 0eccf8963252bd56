<?php

function handler(array $event, array $context): array
{
    if (!isset($event['name'])) {
        throw new InvalidArgumentException('Who is to be greeted?');
    }
    error_log("greeting {$event['name']}");
    return ['greeting' => "Hello {$event['name']}", 'php' => PHP_MAJOR_VERSION, 'function' => getenv('AWS_LAMBDA_FUNCTION_NAME')];
}
