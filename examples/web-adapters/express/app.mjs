import express from 'express';

export const app = express();
app.use(express.json());

const notes = new Map();

app.get('/', (request, response) => {
  response.cookie('seen', 'yes', { httpOnly: true }).json({ framework: 'express', host: request.hostname });
});

app.put('/notes/:name', (request, response) => {
  notes.set(request.params.name, request.body);
  response.status(201).location(`/notes/${encodeURIComponent(request.params.name)}`).json(request.body);
});

app.get('/notes/:name', (request, response) => {
  const note = notes.get(request.params.name);
  if (note === undefined) response.status(404).json({ missing: request.params.name });
  else response.json({ ...note, lines: Number(request.query.lines ?? 1) });
});

app.get('/picture', (_request, response) => {
  response.type('png').send(Buffer.from('89504e470d0a1a0a', 'hex'));
});
