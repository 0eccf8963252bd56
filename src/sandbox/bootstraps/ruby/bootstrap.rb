# Runs a handler in Ruby over Lambda's Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/ruby-handler.html
# Error documents have the form of AWS's own client for Ruby (aws/aws-lambda-ruby-runtime-interface-client): `Function<RuntimeError>`.
require 'json'
require 'socket'

module HaneulLambda
  # One connection that stays: Net::HTTP alone would take longer to load than the rest of the start.
  class Api
    PREFIX = '/2018-06-01/runtime'.freeze

    def initialize(address)
      @host, @port = address.split(':')
    end

    def next_invocation
      request('GET', "#{PREFIX}/invocation/next")
    end

    def respond(id, body)
      request('POST', "#{PREFIX}/invocation/#{id}/response", body, 'Content-Type' => 'application/json')
    end

    def fail(path, document)
      request('POST', "#{PREFIX}/#{path}", JSON.generate(document), 'Content-Type' => 'application/json', 'Lambda-Runtime-Function-Error-Type' => document[:errorType])
    end

    private

    def request(method, path, body = nil, headers = {})
      @socket ||= TCPSocket.new(@host, Integer(@port)).tap { |socket| socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1) }
      lines = ["#{method} #{path} HTTP/1.1", "Host: #{@host}:#{@port}"]
      headers.each { |name, value| lines << "#{name}: #{value.to_s.gsub(/[\r\n]/, ' ')}" }
      lines << "Content-Length: #{body.bytesize}" if body
      @socket.write("#{lines.join("\r\n")}\r\n\r\n".b + (body || '').b)
      read_answer
    end

    def read_answer
      status = Integer((@socket.gets || raise('the Runtime API has gone')).split(' ')[1])
      headers = {}
      while (line = @socket.gets) && line != "\r\n"
        name, value = line.split(':', 2)
        headers[name.downcase] = value.strip
      end
      [status, headers, read_body(headers)]
    end

    def read_body(headers)
      return @socket.read(headers['content-length'].to_i) unless headers['transfer-encoding'] == 'chunked'
      body = ''.b
      while (size = @socket.gets.to_i(16)).positive?
        body << @socket.read(size)
        @socket.gets
      end
      @socket.gets
      body
    end
  end

  # https://docs.aws.amazon.com/lambda/latest/dg/ruby-context.html
  class Context
    attr_reader :aws_request_id, :invoked_function_arn, :deadline_ms, :client_context, :identity

    def initialize(headers)
      @aws_request_id = headers['lambda-runtime-aws-request-id']
      @invoked_function_arn = headers['lambda-runtime-invoked-function-arn']
      @deadline_ms = headers['lambda-runtime-deadline-ms'].to_i
      client, identity = headers['lambda-runtime-client-context'], headers['lambda-runtime-cognito-identity']
      @client_context = JSON.parse(client.dup.force_encoding('UTF-8')) if client
      @identity = JSON.parse(identity.dup.force_encoding('UTF-8')) if identity
    end

    def function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
    def function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
    def memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
    def log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
    def log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']

    def get_remaining_time_in_millis
      [deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
    end
  end

  class << self
    def run
      $stdout.sync = true
      $stderr.sync = true
      @api = Api.new(ENV.fetch('AWS_LAMBDA_RUNTIME_API'))
      handler = load_handler(ENV.fetch('_HANDLER', ''))
      loop { serve(handler) }
    end

    private

    # `file.method`, `folder/file.Module::Class.method`: what comes after the first point of the file's name.
    def load_handler(name)
      file, *owner, method = name.split('.')
      raise ArgumentError, "Invalid handler #{name}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD." if method.nil? || owner.length > 1
      $LOAD_PATH.unshift(Dir.pwd) unless $LOAD_PATH.include?(Dir.pwd)
      require File.expand_path(file)
      target = owner.empty? ? TOPLEVEL_BINDING.receiver : Kernel.const_get(owner.first)
      target.method(method)
    rescue ScriptError, StandardError => error
      document = describe('Init', error)
      log(document)
      @api.fail('init/error', document)
      exit!(1)
    end

    def serve(handler)
      status, headers, body = @api.next_invocation
      raise "the Runtime API answered #{status}" unless status == 200
      id = headers['lambda-runtime-aws-request-id']
      trace = headers['lambda-runtime-trace-id']
      trace ? ENV['_X_AMZN_TRACE_ID'] = trace : ENV.delete('_X_AMZN_TRACE_ID')
      answer = answer_of(handler, body, headers)
      return @api.respond(id, answer) if answer.is_a?(String)
      log(answer)
      @api.fail("invocation/#{id}/error", answer)
    end

    # The answer's JSON, or the document of what went wrong.
    def answer_of(handler, body, headers)
      event = JSON.parse(body.force_encoding('UTF-8'))
      result = handler.call(event: event, context: Context.new(headers))
      JSON.generate(result)
    rescue ScriptError, StandardError, NoMemoryError, SystemStackError => error
      describe('Function', error)
    end

    def describe(kind, error)
      stack = (error.backtrace || []).take_while { |line| !line.start_with?(__FILE__) }
      { errorMessage: error.message.dup.force_encoding('UTF-8').scrub, errorType: "#{kind}<#{error.class}>", stackTrace: stack.map(&:scrub) }
    end

    def log(document)
      $stderr.write("#{JSON.generate(document)}\n")
    end
  end
end

HaneulLambda.run
