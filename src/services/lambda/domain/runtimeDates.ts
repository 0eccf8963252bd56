// Until when AWS takes a runtime: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, "Supported runtimes" and
// "Deprecated runtimes", columns "Block function create" and "Block function update" as of October 2026. AWS moves these dates
// again and again, nearly always into the future.

export interface RuntimeDates {
  /** From this day no function is created with it. */
  readonly createBlocked: string;
  /** From this day no function that uses it is updated, except to another runtime. */
  readonly updateBlocked: string;
  /** Absent for the newest of its family. */
  readonly successor?: string;
}

const dates = (createBlocked: string, updateBlocked: string, successor?: string): RuntimeDates => ({
  createBlocked,
  updateBlocked,
  ...(successor === undefined ? {} : { successor }),
});

/** Newest first within a family. */
export const runtimeDates: Readonly<Record<string, RuntimeDates>> = {
  'nodejs24.x': dates('2028-06-01', '2028-07-01'),
  'nodejs22.x': dates('2027-06-01', '2027-07-01', 'nodejs24.x'),
  'nodejs20.x': dates('2027-02-01', '2027-03-03', 'nodejs24.x'),
  'nodejs18.x': dates('2027-02-01', '2027-03-03', 'nodejs24.x'),
  'nodejs16.x': dates('2027-02-01', '2027-03-03', 'nodejs24.x'),
  'nodejs14.x': dates('2024-01-09', '2027-03-03', 'nodejs24.x'),
  'nodejs12.x': dates('2023-03-31', '2023-04-30', 'nodejs24.x'),
  'nodejs10.x': dates('2021-07-30', '2022-02-14', 'nodejs24.x'),
  'nodejs8.10': dates('2020-02-04', '2020-03-06', 'nodejs24.x'),
  'nodejs6.10': dates('2019-07-12', '2019-08-12', 'nodejs24.x'),
  'nodejs4.3-edge': dates('2019-03-31', '2019-04-30', 'nodejs24.x'),
  'nodejs4.3': dates('2020-02-03', '2020-03-05', 'nodejs24.x'),
  'nodejs': dates('2016-09-30', '2016-10-31', 'nodejs24.x'),
  'python3.14': dates('2029-07-31', '2029-08-31'),
  'python3.13': dates('2029-07-31', '2029-08-31', 'python3.14'),
  'python3.12': dates('2028-11-30', '2029-01-10', 'python3.14'),
  'python3.11': dates('2027-07-31', '2027-08-31', 'python3.14'),
  'python3.10': dates('2027-02-01', '2027-03-03', 'python3.14'),
  'python3.9': dates('2027-02-01', '2027-03-03', 'python3.14'),
  'python3.8': dates('2027-02-01', '2027-03-03', 'python3.14'),
  'python3.7': dates('2024-01-09', '2027-03-03', 'python3.14'),
  'python3.6': dates('2022-07-18', '2022-08-29', 'python3.14'),
  'python2.7': dates('2021-07-15', '2022-05-30', 'python3.14'),
  'java25': dates('2029-07-31', '2029-08-31'),
  'java21': dates('2029-07-31', '2029-08-31', 'java25'),
  'java17': dates('2027-07-31', '2027-08-31', 'java25'),
  'java11': dates('2027-07-31', '2027-08-31', 'java25'),
  'java8.al2': dates('2027-07-31', '2027-08-31', 'java25'),
  'java8': dates('2024-02-08', '2027-03-03', 'java25'),
  'dotnet10': dates('2028-12-14', '2029-01-15'),
  'dotnet8': dates('2027-02-01', '2027-03-03', 'dotnet10'),
  'dotnet6': dates('2027-02-01', '2027-03-03', 'dotnet10'),
  'dotnetcore3.1': dates('2023-04-03', '2023-05-03', 'dotnet10'),
  'dotnetcore2.1': dates('2022-01-05', '2022-04-13', 'dotnet10'),
  'dotnetcore2.0': dates('2019-04-30', '2019-05-30', 'dotnet10'),
  'dotnetcore1.0': dates('2019-06-30', '2019-07-30', 'dotnet10'),
  'ruby4.0': dates('2029-04-30', '2029-05-31'),
  'ruby3.4': dates('2028-04-30', '2028-05-31', 'ruby4.0'),
  'ruby3.3': dates('2027-04-30', '2027-05-31', 'ruby4.0'),
  'ruby3.2': dates('2027-02-01', '2027-03-03', 'ruby4.0'),
  'ruby2.7': dates('2024-01-09', '2027-03-03', 'ruby4.0'),
  'ruby2.5': dates('2021-07-30', '2022-03-31', 'ruby4.0'),
  'go1.x': dates('2024-02-08', '2027-03-03', 'provided.al2023'),
  'provided.al2023': dates('2029-07-31', '2029-08-31'),
  'provided.al2': dates('2027-02-01', '2027-03-03', 'provided.al2023'),
  'provided': dates('2024-02-08', '2027-03-03', 'provided.al2023'),
};
